#include "common/condition/explain.h"

#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "tests/support/facts.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    const char *label, *expression, *attributes;
    bool show_identifying;
    const char *printed;
} rows[] = {
    {"one test", "tagValueIsPresent(#Tag.Modality, \"CT\")", "Modality=CT", false,
     "true  tagValueIsPresent(#Tag.Modality, \"CT\")\n"
     "          #Tag.Modality is \"CT\"\n"},
    {"a tree; what need not be looked at is shown too",
     "tagValueIsPresent(#Tag.Modality, \"CT\")\n  && (!tagIsPresent(#Tag.StudyDescription) || false)",
     "Modality=MR", false,
     "false all of\n"
     "false   tagValueIsPresent(#Tag.Modality, \"CT\")\n"
     "            #Tag.Modality is \"MR\"\n"
     "true    any of\n"
     "true      not\n"
     "false       tagIsPresent(#Tag.StudyDescription)\n"
     "                #Tag.StudyDescription is absent or empty\n"
     "false     false\n"},
    {"comparisons of verdicts", "true == (false != true)", "", false,
     "true  the same\n"
     "true    true\n"
     "true    not the same\n"
     "false     false\n"
     "true      true\n"},
    {"a number is shown as it is written", "tagNumber(\"0020,0011\") > 5", "SeriesNumber=07", false,
     "true  tagNumber(\"0020,0011\") > 5\n"
     "          #Tag.SeriesNumber is \"07\"\n"},
    {"both sides", "callingAET == tagText(#Tag.StationName)", "callingAET=CT01;StationName=CT02", false,
     "false callingAET == tagText(#Tag.StationName)\n"
     "          callingAET is \"CT01\"\n"
     "          #Tag.StationName is \"CT02\"\n"},
    {"a private tag by number", "tagIsPresent(\"0029,1010\")", "0029,1010=x", false,
     "true  tagIsPresent(\"0029,1010\")\n"
     "          0029,1010 is \"x\"\n"},
    {"several values of a path", "tagValueIsPresent(\"0040,0275/0040,0007\", \"e\")",
     "0040,0275/0040,0007=a;0040,0275/0040,0007=b;0040,0275/0040,0007=c;0040,0275/0040,0007=d;0040,0275/"
     "0040,0007=e",
     false,
     "true  tagValueIsPresent(\"0040,0275/0040,0007\", \"e\")\n"
     "          0040,0275/0040,0007 is \"a\", \"b\", \"c\" and 2 more\n"},
    {"there without a text", "tagIsPresent(#Tag.PixelData)", "PixelData!", false,
     "true  tagIsPresent(#Tag.PixelData)\n"
     "          #Tag.PixelData is there, without a text\n"},
    {"64 characters", "tagIsPresent(#Tag.StudyDescription)",
     "StudyDescription=éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", false,
     "true  tagIsPresent(#Tag.StudyDescription)\n"
     "          #Tag.StudyDescription is "
     "\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\"\n"},
    {"65 characters", "tagIsPresent(#Tag.StudyDescription)",
     "StudyDescription=éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééée", false,
     "true  tagIsPresent(#Tag.StudyDescription)\n"
     "          #Tag.StudyDescription is "
     "\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé...\"\n"},
    {"control characters cannot move a cursor", "tagIsPresent(#Tag.StudyDescription)",
     "StudyDescription=a\x1B[2Jb\xC2\x9Bm\xFFz", false,
     "true  tagIsPresent(#Tag.StudyDescription)\n"
     "          #Tag.StudyDescription is \"a\uFFFD[2Jb\uFFFDm\uFFFDz\"\n"},
    {"patient data is hidden", "tagValueContains(#Tag.PatientName, \"Doe\")", "PatientName=Doe^Jane", false,
     "true  tagValueContains(#Tag.PatientName, \"Doe\")\n"
     "          #Tag.PatientName is there, hidden\n"},
    {"patient data is shown when asked for", "tagValueContains(#Tag.PatientName, \"Doe\")",
     "PatientName=Doe^Jane", true,
     "true  tagValueContains(#Tag.PatientName, \"Doe\")\n"
     "          #Tag.PatientName is \"Doe^Jane\"\n"},
    {"an absent patient is absent", "tagIsPresent(#Tag.PatientID)", "Modality=CT", false,
     "false tagIsPresent(#Tag.PatientID)\n"
     "          #Tag.PatientID is absent or empty\n"},
    {"an accession number in a sequence is hidden", "tagText(\"0040,0275/0008,0050\") == \"A1\"",
     "0040,0275/0008,0050=A1", false,
     "true  tagText(\"0040,0275/0008,0050\") == \"A1\"\n"
     "          0040,0275/0008,0050 is there, hidden\n"},
    {"white space of the expression is one blank", "tagValueIsPresent(\n\n   #Tag.Modality,  \"C  T\" )",
     "Modality=CT", false,
     "false tagValueIsPresent( #Tag.Modality, \"C  T\" )\n"
     "          #Tag.Modality is \"CT\"\n"},
};

START_TEST(explanation_is_printed)
{
    const struct row *row = &rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    ck_assert_int_eq(condition_compile(row->expression, dictionary_for_conditions(), &condition, &error), 0);
    AUTO(explain_destroy)
    struct explanation *explanation =
        explain_create(condition, dictionary_for_conditions(), facts_of(facts), row->show_identifying);
    explain_print(explanation, 0, &printed);
    ck_assert_msg(strcmp(printed.bytes, row->printed) == 0, "%s:\n%s\nnot\n%s", row->label, printed.bytes,
                  row->printed);
    ck_assert(explanation->verdict == condition_judge(condition, facts_of(facts)));
}
END_TEST

static const struct identifying_row {
    const char *label;
    struct condition_path path;
    bool identifying;
} identifying_rows[] = {
    {"patient's name", {{0x00100010}, 1, ""}, true},
    {"the last of group 0010", {{0x0010FFFF}, 1, ""}, true},
    {"before group 0010", {{0x0008FFFF}, 1, ""}, false},
    {"behind group 0010", {{0x00120010}, 1, ""}, false},
    {"accession number", {{0x00080050}, 1, ""}, true},
    {"referring physician", {{0x00080090}, 1, ""}, true},
    {"operators' name", {{0x00081070}, 1, ""}, true},
    {"study id", {{0x00200010}, 1, ""}, true},
    {"person name in a report", {{0x0040A730, 0x0040A123}, 2, ""}, true},
    {"anything below a patient's sequence", {{0x00101002, 0x00080060}, 2, ""}, true},
    {"modality", {{0x00080060}, 1, ""}, false},
    {"study description", {{0x00081030}, 1, ""}, false},
    {"station name", {{0x00081010}, 1, ""}, false},
    {"study instance UID", {{0x0020000D}, 1, ""}, false},
    {"trial", {{0x00120020}, 1, ""}, false},
};

START_TEST(identifying_is)
{
    const struct identifying_row *row = &identifying_rows[_i];
    ck_assert_msg(explain_is_identifying(&row->path) == row->identifying, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("condition_explain");
    tests_rows(tests, explanation_is_printed, ROWS(rows));
    tests_rows(tests, identifying_is, ROWS(identifying_rows));
    return tests_run(tests);
}
