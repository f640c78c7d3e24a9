import Canonical

/// The small states of customers: whose member is whose, what was merged into what.
enum Registry {
    // MARK: Members

    static func memberKey(_ member: String) -> String { "member:\(member)" }

    /// The golden key of a member.
    static func golden(of member: String, _ state: inout some StateAccess) throws(StateError) -> String? {
        var bytes: [UInt8] = []
        guard state.get(memberKey(member), into: &bytes) else { return nil }
        return try goldenKey(bytes)
    }

    static func goldenKey(_ bytes: [UInt8]) throws(StateError) -> String {
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        return try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.member)
            let key = reader.string()
            try reader.finish()
            return key
        }
    }

    static func put(member: String, golden: String, _ writer: inout StateWriter, _ state: inout some StateAccess) {
        writer.begin(Magic.member)
        writer.string(golden)
        state.put(memberKey(member), writer.bytes)
    }

    // MARK: Clusters

    static func clusterKey(_ golden: String) -> String { "golden:\(golden)" }

    /// What lies under a golden key.
    enum Found {
        case nothing
        /// The state's bytes are in the buffer, not read yet.
        case cluster
        case redirect(into: String, revision: Int64)
    }

    static func find(
        _ golden: String, into buffer: inout [UInt8], _ state: inout some StateAccess
    ) throws(StateError) -> Found {
        guard state.get(clusterKey(golden), into: &buffer) else { return .nothing }
        guard isRedirect(buffer) else { return .cluster }
        let (into, revision) = try redirect(buffer)
        return .redirect(into: into, revision: revision)
    }

    static func isRedirect(_ state: [UInt8]) -> Bool { state.count > 1 && state[1] == Magic.redirect.1 }

    static func redirect(_ bytes: [UInt8]) throws(StateError) -> (into: String, revision: Int64) {
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        return try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.redirect)
            let into = reader.string()
            let revision = Int64(reader.varint())
            try reader.finish()
            return (into, revision)
        }
    }

    static func put(
        redirect golden: String, into: String, revision: Int64, _ writer: inout StateWriter,
        _ state: inout some StateAccess
    ) {
        writer.begin(Magic.redirect)
        writer.string(into)
        writer.varint(Int(revision))
        state.put(clusterKey(golden), writer.bytes)
    }

    /// Follows redirects to the golden key that lives.
    static func resolve(_ golden: String, _ state: inout some StateAccess) throws(StateError) -> String {
        var key = golden
        var buffer: [UInt8] = []
        // Redirects never lead in a circle: each leads to what was alive when it was written. The bound is for damage.
        for _ in 0..<64 {
            guard case .redirect(let into, _) = try find(key, into: &buffer, &state) else { return key }
            key = into
        }
        throw StateError("redirects of customers lead in a circle")
    }
}
