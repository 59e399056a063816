"""A request that can't be answered, in the words of NGSI-LD (ETSI GS CIM 009, 5.5.2 and 6.3.2)."""

from typing import Final

ERRORS: Final = "https://uri.etsi.org/ngsi-ld/errors/"

TITLES: Final = {
    "InvalidRequest": "The request can't be understood",
    "BadRequestData": "The request has a value that can't be used",
    "OperationNotSupported": "This is not supported here",
    "ResourceNotFound": "There is no such thing",
    "TooComplexQuery": "The query is too complex",
    "TooManyResults": "That is more than one answer may have",
    "LdContextNotAvailable": "The @context can't be had",
    "NoMultiTenantSupport": "There are no tenants here",
    "InternalError": "An error of ours",
}


class Refused(Exception):
    """`kind` is the last part of the error's type; `parameter` what is wrong, where it is one."""

    def __init__(self, kind: str, status: int, detail: str, parameter: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = status
        self.detail = detail
        self.parameter = parameter


def bad(parameter: str, detail: str) -> Refused:
    return Refused("BadRequestData", 400, f"{parameter}: {detail}", parameter)


def invalid(parameter: str, detail: str) -> Refused:
    return Refused("InvalidRequest", 400, f"{parameter}: {detail}", parameter)


def not_supported(parameter: str, detail: str) -> Refused:
    return Refused("OperationNotSupported", 422, f"{parameter}: {detail}", parameter)


def not_found(detail: str) -> Refused:
    return Refused("ResourceNotFound", 404, detail)


def too_complex(parameter: str, detail: str) -> Refused:
    return Refused("TooComplexQuery", 403, f"{parameter}: {detail}", parameter)
