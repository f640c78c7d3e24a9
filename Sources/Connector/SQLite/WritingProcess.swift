/// One process of a connector, among all that there were and will be: what it writes into a table is marked with its name.
package struct WritingProcess: Sendable {
    /// The connector's own name, with its installation's: those of another one don't take its place.
    private let connector: String
    private let name: String

    /// - Parameter id: what no other process of the connector is called by.
    package init(of connector: String, id: String) {
        self.connector = connector + "#"
        name = "\(connector)#\(id)/"
    }

    /// The mark of a batch.
    package func mark(_ number: Int) -> String { "\(name)\(number)" }

    /// Whether this process left this mark.
    package func isOwn(_ mark: String) -> Bool { mark.hasPrefix(name) }

    /// Whether another process of the same connector left this mark.
    fileprivate func isAnothers(_ mark: String) -> Bool { mark.hasPrefix(connector) && !isOwn(mark) }
}

/// Tells whether another process has taken this one's place at a table: it has written there since this one looked first.
///
/// A process that was frozen, or cut off, and thought dead, finds in the system what others have written there meanwhile, and may
/// not have reported: published now, it would be somebody's edit (I6; docs/contracts.md, Turns). Each batch leaves its mark beside the
/// system's rows, so a source sees it in the moment in which it sees these.
package struct TableWatch: Sendable {
    private let process: WritingProcess
    private let table: String
    /// The mark that stood there at the first look; the inner nil: none.
    private var first: String??

    package init(_ process: WritingProcess, of table: String) {
        self.process = process
        self.table = table
    }

    /// Takes up what stands there now.
    ///
    /// - Throws: ``Overtaken``; nothing of what was read in the same moment may be published.
    package mutating func see(_ mark: String?) throws(Overtaken) {
        guard let first else {
            first = .some(mark)
            return
        }
        if let mark, mark != first, process.isAnothers(mark) { throw .table(table) }
    }
}
