public import Document

/// The fields that a schema names, as JSON Pointers in the order of its text; `*` stands for every item of a list.
///
/// Where further fields are allowed a renamed one breaks nothing that a validator could show: the old name is merely no longer
/// checked. So the names themselves are compared.
public enum NamedFields {
    /// Those under `properties`, and below them; what a `$ref` leads to is its own schema's.
    public static func of(_ schema: JSON) -> [String] {
        var names: [String] = []
        collect(schema, "", &names)
        return names
    }

    private static func collect(_ schema: JSON, _ path: String, _ names: inout [String]) {
        for member in schema["properties"]?.object ?? [] {
            let inside = "\(path)/\(JSONPointer.escape(member.key))"
            names.append(inside)
            collect(member.value, inside, &names)
        }
        if let items = schema["items"] { collect(items, "\(path)/*", &names) }
    }
}
