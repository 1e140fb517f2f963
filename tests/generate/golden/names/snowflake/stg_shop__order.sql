with
    source as (select * from {{ source("shop", "order") }}),
    renamed as (
        select
            -- keys
            "ORDER",
            "AT",
            -- columns
            "SELECT",
            "GROUP",
            "USER",
            value,
            "1ST",
            "MIXED",
            "GRÖSSE",
            "A B",
            "SAY ""HI""",
            {{ "\"{{ ENV_VAR('HOME') }}\"" | string }},
            "IT'S",
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
