/// What `\p{…}` names: general categories, scripts and binary properties (ECMA-262, tables 66 to 68).
enum UnicodeProperty {
    /// The set, or nil when there is no such property.
    static func set(named name: Substring) -> ScalarSet? {
        if let equals = name.firstIndex(of: "=") {
            let value = name[name.index(after: equals)...]
            return switch name[..<equals] {
            case "General_Category", "gc": categorySet(value)
            case "Script", "sc": Scripts.set(named: value, extended: false)
            case "Script_Extensions", "scx": Scripts.set(named: value, extended: true)
            default: nil
            }
        }
        return switch name {
        case "Any": .all
        case "ASCII": ScalarSet([0...0x7F])
        case "Assigned": categorySet("Cn")?.inverted
        default: categorySet(name) ?? BinaryProperties.set(named: name)
        }
    }

    private static func categorySet(_ name: Substring) -> ScalarSet? {
        guard let codes = names[String(name)] else { return nil }
        return ScalarSet(codes.flatMap { categories[$0] ?? [] })
    }

    /// The ranges of each general category by its short name. One pass over Unicode, at first use.
    private static let categories: [String: [ClosedRange<UInt32>]] = {
        var ranges: [String: [ClosedRange<UInt32>]] = [:]
        var open: (code: String, start: UInt32)?
        for value in 0...ScalarSet.last {
            // Surrogates never occur in UTF-8; they end a run.
            let code = Unicode.Scalar(value).map { shortName($0.properties.generalCategory) } ?? "Cs"
            if open?.code != code {
                if let open { ranges[open.code, default: []].append(open.start...value - 1) }
                open = (code, value)
            }
        }
        if let open { ranges[open.code, default: []].append(open.start...ScalarSet.last) }
        return ranges
    }()

    private static func shortName(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }

    /// Short and long names (PropertyValueAliases.txt), each with the categories it holds.
    private static let names: [String: [String]] = {
        let groups: [(codes: [String], names: [String])] = [
            (["Lu"], ["Lu", "Uppercase_Letter"]), (["Ll"], ["Ll", "Lowercase_Letter"]),
            (["Lt"], ["Lt", "Titlecase_Letter"]), (["Lu", "Ll", "Lt"], ["LC", "Cased_Letter"]),
            (["Lm"], ["Lm", "Modifier_Letter"]), (["Lo"], ["Lo", "Other_Letter"]),
            (["Lu", "Ll", "Lt", "Lm", "Lo"], ["L", "Letter"]),
            (["Mn"], ["Mn", "Nonspacing_Mark"]), (["Mc"], ["Mc", "Spacing_Mark"]), (["Me"], ["Me", "Enclosing_Mark"]),
            (["Mn", "Mc", "Me"], ["M", "Mark", "Combining_Mark"]),
            (["Nd"], ["Nd", "Decimal_Number", "digit"]), (["Nl"], ["Nl", "Letter_Number"]),
            (["No"], ["No", "Other_Number"]), (["Nd", "Nl", "No"], ["N", "Number"]),
            (["Pc"], ["Pc", "Connector_Punctuation"]), (["Pd"], ["Pd", "Dash_Punctuation"]),
            (["Ps"], ["Ps", "Open_Punctuation"]), (["Pe"], ["Pe", "Close_Punctuation"]),
            (["Pi"], ["Pi", "Initial_Punctuation"]), (["Pf"], ["Pf", "Final_Punctuation"]),
            (["Po"], ["Po", "Other_Punctuation"]),
            (["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"], ["P", "Punctuation", "punct"]),
            (["Sm"], ["Sm", "Math_Symbol"]), (["Sc"], ["Sc", "Currency_Symbol"]), (["Sk"], ["Sk", "Modifier_Symbol"]),
            (["So"], ["So", "Other_Symbol"]), (["Sm", "Sc", "Sk", "So"], ["S", "Symbol"]),
            (["Zs"], ["Zs", "Space_Separator"]), (["Zl"], ["Zl", "Line_Separator"]),
            (["Zp"], ["Zp", "Paragraph_Separator"]), (["Zs", "Zl", "Zp"], ["Z", "Separator"]),
            (["Cc"], ["Cc", "Control", "cntrl"]), (["Cf"], ["Cf", "Format"]), (["Cs"], ["Cs", "Surrogate"]),
            (["Co"], ["Co", "Private_Use"]), (["Cn"], ["Cn", "Unassigned"]),
            (["Cc", "Cf", "Cs", "Co", "Cn"], ["C", "Other"]),
        ]
        var table: [String: [String]] = [:]
        for group in groups { for name in group.names { table[name] = group.codes } }
        return table
    }()
}
