with
    source as (select * from {{ source("python_packages", "packages") }}),
    renamed as (
        select
            -- keys
            name,
            -- columns
            version,
            summary,
            author,
            license,
            requires_python,
            home_page,
            size_bytes,
            file_count,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
