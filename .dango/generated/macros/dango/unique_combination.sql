{#-
    Generic test: no two rows agree in all of `columns`. Nulls are compared as values.

    data_tests:
      - dango_unique_combination:
          arguments:
            columns: [time_hour, origin]
-#}
{% test dango_unique_combination(model, columns) %}
    {%- set key = [] -%}
    {%- for column in columns -%} {%- do key.append(adapter.quote(column)) -%} {%- endfor -%}
    select {{ key | join(", ") }}, count(*) as number_of_rows
    from {{ model }}
    group by {{ key | join(", ") }}
    having count(*) > 1
{% endtest %}
