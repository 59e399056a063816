"""NGSI-LD (ETSI GS CIM 009), reading only: the city as entities of FIWARE's Smart Data Models (docs/ngsi-ld.md)."""
