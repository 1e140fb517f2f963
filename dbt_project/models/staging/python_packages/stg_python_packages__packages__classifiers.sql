with
    source as (select * from {{ source("python_packages", "packages__classifiers") }}),
    renamed as (
        select
            -- keys
            _packages_name,
            -- columns
            classifier,
            category,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
