import Canonical
import Digests

/// Clusters that a change of links concerns, thrown together and parted anew.
///
/// Merging and splitting are one operation: the parts are the connected components of all their members, so what
/// belongs together doesn't depend on the order in which links came and went (I3).
struct Pot {
    /// All members of the clusters.
    var all = RecordState()
    var clusters: [Cluster] = []

    /// A cluster that was thrown in.
    struct Cluster {
        var key: String
        var revision: Int64
        var flags: RecordState.Flags
        /// Its members, as columns of ``all``.
        var members: [Int]
    }

    /// A part and who it is.
    struct Part {
        var key: String
        var revision: Int64
        var flags: RecordState.Flags
        var columns: [Int]
        /// Keys that lead here from now on.
        var redirects: [Cluster] = []
    }

    mutating func add(_ cluster: RecordState, key: String) {
        let members = cluster.columns.indices.filter { cluster.isMember($0) }
        all.take(members, of: cluster)
        clusters.append(
            Cluster(
                key: key, revision: cluster.revision, flags: cluster.flags,
                members: members.compactMap { all.column(cluster.name(ofColumn: $0)) }))
    }

    /// The connected components: members that share a value that isn't too common, or were created for each other.
    func components(_ isCommon: (RecordState.MatchHash) -> Bool) -> [[Int]] {
        var leader = Array(all.columns.indices)
        func find(_ column: Int) -> Int {
            var column = column
            while leader[column] != column { column = leader[column] }
            return column
        }
        func join(_ one: Int, _ other: Int) {
            let (one, other) = (find(one), find(other))
            leader[max(one, other)] = min(one, other)
        }
        for (place, hash) in all.hashes.enumerated() {
            guard let first = all.hashes[..<place].first(where: { $0.isSame(as: hash) }), !isCommon(hash) else {
                continue
            }
            join(Int(first.column), Int(hash.column))
        }
        for (index, column) in all.columns.enumerated() where column.anchor >= 0 { join(index, Int(column.anchor)) }
        return Dictionary(grouping: all.columns.indices) { find($0) }.values.sorted { $0[0] < $1[0] }
    }

    /// Gives every part its key. A cluster's key stays with the member that minted it, else with its first member by
    /// name; a part with several keys keeps the lowest, and the others lead to it. Parts without one get none yet.
    func parts(_ components: [[Int]]) -> [Part] {
        var parts: [Part] = []
        for columns in components {
            // A key that was minted a moment ago was never told of: any other goes before it.
            let claims = clusters.filter { cluster in keeper(of: cluster).map { columns.contains($0) } ?? false }
                .sorted { ($0.revision == 0 ? 1 : 0, $0.key) < ($1.revision == 0 ? 1 : 0, $1.key) }
            // A part that is new was published under another key: if it ends here, its copies must hear of it.
            let wasAlive = clusters.contains { $0.flags.contains(.alive) }
            var part = Part(key: "", revision: 0, flags: wasAlive ? .alive : [], columns: columns)
            if let first = claims.first {
                part.key = first.key
                part.revision = first.revision
                part.flags = claims.reduce([]) { $0.union($1.flags) }
                part.redirects = Array(claims.dropFirst())
            }
            parts.append(part)
        }
        return parts
    }

    private func keeper(of cluster: Cluster) -> Int? {
        let minter = cluster.members.first { column in
            Reference(key: all.name(ofColumn: column)).map {
                CustomerID.mint(first: $0).description == cluster.key
            } ?? false
        }
        return minter ?? cluster.members.min { all.name(ofColumn: $0) < all.name(ofColumn: $1) }
    }

    /// A part as a state of its own.
    func state(_ part: Part) -> RecordState {
        var state = RecordState()
        state.revision = part.revision
        state.flags = part.flags
        state.take(part.columns, of: all)
        return state
    }
}
