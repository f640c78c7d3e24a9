/// Small letters by Unicode's rules.
enum Casing {
    /// A text in small letters, with the one rule that looks around a letter: a sigma that ends a word is `ς`
    /// (SpecialCasing, Final_Sigma).
    static func lowercased(_ text: String) -> String {
        guard text.unicodeScalars.contains(sigma) else { return text.lowercased() }
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for (place, scalar) in scalars.enumerated() {
            let isFinal =
                scalar == sigma && seesLetter(scalars[..<place].reversed()) && !seesLetter(scalars[(place + 1)...])
            result += isFinal ? "ς" : scalar.properties.lowercaseMapping
        }
        return result
    }

    private static let sigma: Unicode.Scalar = "Σ"

    /// Whether the first scalar that isn't passed over (as apostrophes and accents are) is a letter with a case.
    private static func seesLetter(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
        scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
}
