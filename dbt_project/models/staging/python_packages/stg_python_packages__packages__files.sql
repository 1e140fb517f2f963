with
    source as (select * from {{ source("python_packages", "packages__files") }}),
    renamed as (
        select
            -- keys
            _packages_name,
            -- columns
            path,
            size_bytes,
            hash,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
