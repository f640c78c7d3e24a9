import Glibc
import Testing

@testable import Kafka

@Suite struct PluginsOfSASL {
    @Test(
        arguments: [
            ([:], false), (["security.protocol": "ssl"], false), (["security.protocol": "sasl_ssl"], true),
            (["security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "GSSAPI"], true),
            (["security.protocol": "sasl_ssl", "sasl.mechanisms": "SCRAM-SHA-512"], false),
            (["security.protocol": "sasl_ssl", "sasl.mechanism": "plain"], false),
        ] as [(Settings, Bool)])
    func onlyKerberosNeedsThem(_ settings: Settings, _ isNeeded: Bool) {
        #expect(SASLPlugins.needs(settings) == isNeeded)
    }

    @Test func aClientWithoutKerberosLoadsNone() throws {
        _ = try Producer(["bootstrap.servers": "127.0.0.1:1"], log: Cluster.log)
        let maps = try #require(fopen("/proc/self/maps", "r"))
        defer { fclose(maps) }
        var line = [CChar](repeating: 0, count: 4096)
        var loaded = 0
        while fgets(&line, Int32(line.count), maps) != nil {
            if strstr(line, "/sasl2/") != nil { loaded += 1 }
        }
        #expect(loaded == 0)
    }
}
