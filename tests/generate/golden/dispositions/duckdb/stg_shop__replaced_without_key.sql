with
    source as (select * from {{ source("shop", "replaced_without_key") }}),
    renamed as (
        select
            -- columns
            name,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
