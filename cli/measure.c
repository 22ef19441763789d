#include "cli/measure.h"

#include "common/base/cleanup.h"
#include "common/condition/explain_json.h"

void measure_release(struct measure *measure)
{
    condition_destroy(&measure->condition);
    config_destroy(&measure->config);
}

bool measure_append(const struct measure *measure, struct condition_file *file,
                    const struct condition_options *options, struct text *out)
{
    if (measure->config)
        return condition_config_append(measure->config, file, options, out);
    AUTO(explain_destroy)
    struct explanation *explanation = condition_file_explain(file, measure->condition, options);
    const char *incomplete = header_incomplete(file->header);
    text_append(out, explanation->verdict == CONDITION_TRUE    ? ": true"
                     : explanation->verdict == CONDITION_FALSE ? ": false"
                                                               : ": cannot be decided: ");
    if (explanation->verdict == CONDITION_UNDECIDED)
        explain_doubt(explanation, out);
    text_append_char(out, '\n');
    if (incomplete)
        text_format(out, "  the header is incomplete: %s\n", incomplete);
    explain_print(explanation, 2, out);
    return explanation->verdict == CONDITION_TRUE;
}

bool measure_add(const struct measure *measure, struct condition_file *file,
                 const struct condition_options *options, json_t *object)
{
    if (measure->config)
        return condition_config_add(measure->config, file, options, object);
    AUTO(explain_destroy)
    struct explanation *explanation = condition_file_explain(file, measure->condition, options);
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    if (explanation->verdict == CONDITION_UNDECIDED)
        explain_doubt(explanation, &doubt);
    json_object_set_new(object, "verdict", explain_json_verdict(explanation->verdict));
    json_object_set_new(object, "undecided", json_from_text(doubt.bytes));
    json_object_set_new(object, "incomplete", json_from_text(header_incomplete(file->header)));
    json_object_set_new(object, "condition", condition_explanation_json(explanation));
    return explanation->verdict == CONDITION_TRUE;
}
