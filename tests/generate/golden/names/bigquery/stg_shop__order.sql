with
    source as (select * from {{ source("shop", "order") }}),
    renamed as (
        select
            -- keys
            `order`,
            `at`,
            -- columns
            `select`,
            `group`,
            `user`,
            value,
            `1st`,
            `Mixed`,
            `größe`,
            `a b`,
            `say "hi"`,
            {{ "`{{ env_var('HOME') }}`" | string }},
            `it's`,
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
