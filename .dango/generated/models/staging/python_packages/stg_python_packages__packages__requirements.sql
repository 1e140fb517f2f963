with
    source as (select * from {{ source("python_packages", "packages__requirements") }}),
    renamed as (
        select
            -- keys
            _packages_name,
            -- columns
            requirement,
            name,
            specifier,
            extras,
            marker,
            for_extras,
            applies_here,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
