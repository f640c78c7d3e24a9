import Canonical
import Digests

/// Clusters that a change of links concerns, thrown together and parted anew.
///
/// Merging and splitting are one operation: the parts are the connected components of all their members, so what
/// belongs together doesn't depend on the order in which links came and went (I3).
struct Pot: ~Copyable {
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

    mutating func add(_ cluster: borrowing RecordState, key: String) {
        var members: [Int] = []
        for column in cluster.columns.indices where cluster.isMember(column) { members.append(column) }
        let first = all.columns.count
        all.take(members, of: cluster)
        clusters.append(
            Cluster(
                key: key, revision: cluster.revision, flags: cluster.flags,
                members: Array(first..<all.columns.count)))
    }

    /// The connected components: members that share a value that isn't too common, or were created for each other.
    func components(_ common: [RecordState.MatchHash]) -> [[Int]] {
        var leaders = Leaders(all.columns.count)
        for place in all.hashes.indices {
            let hash = all.hashes[place]
            guard !common.contains(where: { $0.isSame(as: hash) }) else { continue }
            var first = 0
            while !all.hashes[first].isSame(as: hash) { first += 1 }
            if first < place { leaders.join(Int(all.hashes[first].column), Int(hash.column)) }
        }
        for column in all.columns.indices where all.columns[column].anchor >= 0 {
            leaders.join(column, Int(all.columns[column].anchor))
        }
        var components: [Int: [Int]] = [:]
        for column in all.columns.indices { components[leaders.find(column), default: []].append(column) }
        return components.values.sorted { $0[0] < $1[0] }
    }

    /// Gives every part its key. A cluster's key stays with the member that minted it, else with its first member by
    /// name; a part with several keys keeps the lowest, and the others lead to it. Parts without one get none yet.
    func parts(_ components: [[Int]]) -> [Part] {
        let keepers = clusters.map { keeper(of: $0) }
        // A part that is new was published under another key: if it ends here, its copies must hear of it.
        let wasAlive = clusters.contains { $0.flags.contains(.alive) }
        return components.map { columns in
            // A key that was minted a moment ago was never told of: any other goes before it.
            let claims = clusters.indices.filter { columns.contains(keepers[$0]) }.map { clusters[$0] }
                .sorted { ($0.revision == 0 ? 1 : 0, $0.key) < ($1.revision == 0 ? 1 : 0, $1.key) }
            guard let first = claims.first else {
                return Part(key: "", revision: 0, flags: wasAlive ? .alive : [], columns: columns)
            }
            return Part(
                key: first.key, revision: first.revision, flags: claims.reduce([]) { $0.union($1.flags) },
                columns: columns, redirects: Array(claims.dropFirst()))
        }
    }

    private func keeper(of cluster: Cluster) -> Int {
        var first = -1
        for column in cluster.members {
            let name = all.name(ofColumn: column)
            if let member = Reference(key: name), CustomerID.mint(first: member).description == cluster.key {
                return column
            }
            if first < 0 || name.comesBefore(all.name(ofColumn: first)) { first = column }
        }
        return first
    }
}

/// Disjoint sets of numbers.
private struct Leaders {
    private var leaders: [Int]

    init(_ count: Int) { leaders = Array(0..<count) }

    func find(_ member: Int) -> Int {
        var member = member
        while leaders[member] != member { member = leaders[member] }
        return member
    }

    mutating func join(_ one: Int, _ other: Int) {
        let (one, other) = (find(one), find(other))
        leaders[max(one, other)] = min(one, other)
    }
}
