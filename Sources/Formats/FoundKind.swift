import Document

extension Node {
    /// What kind of value it is, as messages say what was found; never the value (I12).
    var foundKind: String {
        switch kind {
        case .null, .link: "null"
        case .true, .false: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
