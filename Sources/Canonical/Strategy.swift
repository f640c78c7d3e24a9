/// How one field's golden value follows from what the systems say.
public enum Strategy: Sendable, Hashable {
    /// The first of these systems that holds a value. Others have no say.
    case priority([String])
    /// The value with the latest stamp among these systems; ties by this order.
    case latest(Voters)
    /// This system's value, whatever others say.
    case ownerOnly(String)
    /// The value with the most content: the longest text, the most elements or members; ties by stamp.
    case mostComplete
    /// All elements of all arrays: one for each value of the member `by`, the latest wins; without it, each value once.
    case union(by: String?)
    /// The greatest number or text.
    case max
    /// The least number or text.
    case min
    /// The value of the system that won the other field: what belongs together stays together (price and currency).
    case with(String)

    /// Who may be heard.
    public enum Voters: Sendable, Hashable {
        /// Every system.
        case any
        /// These only, and in this order when stamps are equal.
        case systems([String])
    }

    /// The strategy's name in `rules.yaml`.
    public var name: String {
        switch self {
        case .priority: "priority"
        case .latest: "latest"
        case .ownerOnly: "owner-only"
        case .mostComplete: "most-complete"
        case .union: "union"
        case .max: "max"
        case .min: "min"
        case .with: "with"
        }
    }

    /// The systems it names.
    public var systems: [String] {
        switch self {
        case .priority(let systems), .latest(.systems(let systems)): systems
        case .ownerOnly(let system): [system]
        case .latest(.any), .mostComplete, .union, .max, .min, .with: []
        }
    }

    static let names = ["priority", "latest", "owner-only", "most-complete", "union", "max", "min", "with"]
}

/// Who may take an entity away.
public enum Deletion: Sendable, Hashable {
    /// When this system deletes it.
    case owner(String)
    /// When any system that held it deletes it.
    case any
    /// Nobody.
    case never
}

/// A field of customers that links those who share its value.
public struct MatchField: Sendable, Hashable {
    /// The field's name.
    public let field: String
    /// What makes two writings of a value the same.
    public let form: Form

    /// How values are made comparable.
    public enum Form: Sendable, Hashable {
        /// Without blanks around it, in lower case.
        case email
        /// Digits behind `+` (ITU-T E.164); numbers in national form get this country code.
        case phone(country: String?)
        /// Letters and digits only, in upper case.
        case code
    }

    /// A matching field.
    public init(field: String, form: Form) {
        self.field = field
        self.form = form
    }
}
