import Glibc

/// What Cyrus SASL loads when a process makes its first client: every plugin that is installed, and a database library for
/// one of them, half a megabyte. Only Kerberos needs them; all other mechanisms are librdkafka's own.
enum SASLPlugins {
    /// Says where there are none, unless these settings ask for Kerberos, or somebody has said where they are.
    static func spare(unless settings: Settings) {
        if !needs(settings) { _ = spared }
    }

    /// Once, before librdkafka has any thread that could ask for it.
    private static let spared: Void = { setenv("SASL_PATH", "/dev/null", 0) }()

    /// Whether brokers are to be convinced by Kerberos, which is librdkafka's default mechanism.
    static func needs(_ settings: Settings) -> Bool {
        guard settings["security.protocol"]?.lowercased().hasPrefix("sasl") == true else { return false }
        let mechanism = settings["sasl.mechanisms"] ?? settings["sasl.mechanism"]
        return mechanism?.uppercased().contains("GSSAPI") ?? true
    }
}
