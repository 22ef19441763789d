#include "console/template.h"

extern "C" {
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/text.h"
}

#include <kainjow/mustache.hpp>

#include <exception>
#include <new>
#include <string>
#include <utility>

namespace mustache = kainjow::mustache;

struct template_page {
    mustache::mustache parsed;
    explicit template_page(const char *source) : parsed(source)
    {
    }
};

namespace
{

mustache::data value_of(const json_t *value);

/* What the library takes it copies, at each level again what is below: so it takes a place, into which the value is moved.
 * The place is of an object of ours, which is not const. */
void move_to(const mustache::data *place, mustache::data &&value)
{
    *const_cast<mustache::data *>(place) = std::move(value);
}

mustache::data object_of(const json_t *value)
{
    mustache::data object{mustache::data::type::object};
    const char *name;
    json_t *member;
    json_object_foreach(const_cast<json_t *>(value), name, member)
    {
        object.set(name, mustache::data{mustache::data::type::bool_false});
        move_to(object.get(name), value_of(member));
    }
    return object;
}

mustache::data list_of(const json_t *value)
{
    mustache::data list{mustache::data::type::list};
    for (size_t i = 0; i < json_array_size(value); i++)
        list.push_back(mustache::data{mustache::data::type::bool_false});
    for (size_t i = 0; i < json_array_size(value); i++)
        move_to(&list.list_value()[i], value_of(json_array_get(value, i)));
    return list;
}

mustache::data value_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return object_of(value);
    case JSON_ARRAY:
        return list_of(value);
    case JSON_STRING:
        return mustache::data{std::string(json_string_value(value), json_string_length(value))};
    case JSON_INTEGER:
        return mustache::data{std::to_string(json_integer_value(value))};
    case JSON_REAL:
        return mustache::data{std::to_string(json_real_value(value))};
    case JSON_TRUE:
        return mustache::data{mustache::data::type::bool_true};
    default:
        return mustache::data{mustache::data::type::bool_false};
    }
}

/* What would let a value be markup, or change what a tag is. */
bool is_unsafe(const std::string &source)
{
    for (const char *tag : {"{{{", "{{&", "{{=", "{{>"})
        if (source.find(tag) != std::string::npos)
            return true;
    for (size_t at = source.find("{{"); at != std::string::npos; at = source.find("{{", at + 2)) {
        size_t first = source.find_first_not_of(" \t\n", at + 2);
        if (first != std::string::npos && std::string("&={>").find(source[first]) != std::string::npos)
            return true;
    }
    return false;
}

} // namespace

int template_create(const char *source, struct template_page **ret_template, struct text *reason)
{
    try {
        if (is_unsafe(source)) {
            text_append(reason, "it has a tag that does not escape, or an unknown part");
            return ERR_SYNTAX;
        }
        template_page *page = new template_page(source);
        if (!page->parsed.is_valid()) {
            text_append(reason, page->parsed.error_message().c_str());
            delete page;
            return ERR_SYNTAX;
        }
        *ret_template = page;
        return 0;
    } catch (const std::exception &) {
        text_append(reason, "there is no memory for it");
        return ERR_NOMEM;
    }
}

void template_destroy(struct template_page **page)
{
    delete *page;
    *page = nullptr;
}

/* Memory for one page is small, and its end is the process's, as with memory.h. */
void template_render(struct template_page *page, const struct json_t *document, struct text *out)
{
    try {
        const std::string made = page->parsed.render(value_of(document));
        text_append_bytes(out, made.data(), made.size());
    } catch (const std::exception &) {
        std::terminate();
    }
}
