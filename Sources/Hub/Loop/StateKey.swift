/// Which keys a state may have.
public enum StateKey {
    /// In bytes. The local store takes keys of 511, with the domain's name before them.
    public static let longest = 400

    /// Why a key can't be one, as what is said of it ("is empty"); nil when it can.
    public static func flaw(of key: String) -> String? {
        guard let first = key.utf8.first else { return "is empty" }
        if key.utf8.count > longest { return "is longer than \(longest) bytes" }
        // The hub's own notes in the changelog have such keys.
        if first < 0x20 { return "begins with a control character" }
        return nil
    }
}
