-- How good forecasts were: each model on a held-out part of what it is made from, or as issued (docs/forecasts.md).
-- The newest row of (domain, property, model, basis, lead_from_h) decides what may be shown.

CREATE TABLE forecast_score (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scored_at        timestamptz NOT NULL,
    domain           text NOT NULL,
    property         text NOT NULL,
    model            text NOT NULL,
    basis            text NOT NULL CHECK (basis IN ('held_out', 'issued')),
    lead_from_h      double precision NOT NULL,
    lead_to_h        double precision NOT NULL CHECK (lead_to_h >= lead_from_h),
    n                bigint NOT NULL,
    mae              double precision NOT NULL,
    mae_persistence  double precision NOT NULL,
    mae_climatology  double precision NOT NULL,
    coverage         double precision,
    level            double precision,
    trained_from     timestamptz,
    trained_to       timestamptz,
    held_out_from    timestamptz NOT NULL,
    held_out_to      timestamptz NOT NULL,
    provenance       provenance NOT NULL
);

COMMENT ON COLUMN forecast_score.mae IS 'mean absolute error in the unit of the property; so are the two of the baselines, on the same cases';
COMMENT ON COLUMN forecast_score.coverage IS 'share of cases within the interval, which was made to hold `level` of them';
COMMENT ON COLUMN forecast_score.provenance IS 'the weakest of the data that it was scored on';

CREATE INDEX forecast_score_newest
    ON forecast_score (domain, property, model, basis, lead_from_h, scored_at DESC);

CREATE VIEW public_view.forecast_score AS SELECT * FROM public.forecast_score;
GRANT SELECT ON public_view.forecast_score TO hanoi_public;
