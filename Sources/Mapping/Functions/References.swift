import Document

/// Looking up what the installation knows: ids across systems, and tables. The caller supplies both (see ``Lookup``).
enum References {
    static let functions: [Function] = [
        Function(
            "omni_ref", "<sss:s>",
            "The canonical key of an entity that a system calls by its own id: `$omni_ref(\"product\", \"till\", artno)`. An id that isn't known yet parks the record.",
            examples: [
                .init("$omni_ref(\"product\", \"till\", \"4711\")", #""06438012345675""#),
                .init("$omni_ref(\"product\", \"till\", nothing)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let entity = machine.argument(arguments, 0)
            let system = machine.argument(arguments, 1)
            let id = machine.argument(arguments, 2)
            if entity.isUndefined || system.isUndefined || id.isUndefined { return .undefined }
            let names = (machine.text(entity), machine.text(system), machine.text(id))
            guard let key = try machine.lookup().key(of: names.0, system: names.1, id: names.2) else {
                throw .unknownReference(
                    UnknownReference(entity: names.0, system: names.1, id: names.2, key: nil, file: "", line: 0))
            }
            return try machine.string(key)
        },
        Function(
            "omni_idOf", "<sss?:s>",
            "The id that this connector's system (or another one, named third) has for a canonical key. None yet parks the record.",
            examples: [
                .init("$omni_idOf(\"product\", \"06438012345675\")", #""4711""#),
                .init("$omni_idOf(\"product\", \"06438012345675\", \"shop\")", #""A-1""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let entity = machine.argument(arguments, 0)
            let key = machine.argument(arguments, 1)
            let system = machine.argument(arguments, 2)
            if entity.isUndefined || key.isUndefined { return .undefined }
            let tables = try machine.lookup()
            let names = (
                machine.text(entity), machine.text(key), system.isString ? machine.text(system) : tables.system
            )
            guard let id = tables.id(of: names.0, system: names.2, key: names.1) else {
                throw .unknownReference(
                    UnknownReference(entity: names.0, system: names.2, id: nil, key: names.1, file: "", line: 0))
            }
            return try machine.string(id)
        },
        Function(
            "omni_decision", "<s:o>",
            "What the hub decided about a reservation: its `state`, and the `reason` where it was refused. None yet parks the record.",
            examples: [
                .init("$omni_decision(\"8b0f\").state", #""confirmed""#), .init("$omni_decision(nothing)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let reservation = machine.argument(arguments, 0)
            if reservation.isUndefined { return .undefined }
            let id = machine.text(reservation)
            guard let decision = try machine.lookup().decision(about: id) else {
                throw .unknownReference(
                    UnknownReference(entity: "reservation", system: "", id: id, key: nil, file: "", line: 0))
            }
            return try machine.record(decision)
        },
        Function(
            "omni_table", "<ss:o>",
            "The row of a named table whose first column is the key, as an object; undefined when there is none.",
            examples: [
                .init("$omni_table(\"vat\", \"FI-24\").rate", #""25.5""#), .init("$omni_table(\"vat\", \"XX\")", nil),
            ],
            check: { literals, options in
                guard let tables = options.tables, literals.count == 2, let name = literals[0],
                    !tables.contains(name)
                else { return nil }
                let known = tables.isEmpty ? "there is none" : "there are: \(tables.sorted().joined(separator: ", "))"
                return ("U1007", "there is no table '\(name)'; \(known)")
            }
        ) { (machine, arguments) throws(MappingFailure) in
            let name = machine.argument(arguments, 0)
            let key = machine.argument(arguments, 1)
            if name.isUndefined || key.isUndefined { return .undefined }
            let tables = try machine.lookup()
            let table = machine.text(name)
            guard tables.hasTable(table) else {
                throw machine.failure("U2006", "there is no table '\(table)' in this installation")
            }
            guard let row = tables.row(of: table, key: machine.text(key)) else { return .undefined }
            return try machine.record(row)
        },
    ]
}

extension Machine {
    /// An object of texts.
    mutating func record(_ columns: [(column: String, value: String)]) throws(MappingFailure) -> Value {
        let base = stack.count
        for (column, value) in columns {
            stack.append(try string(column))
            stack.append(try string(value))
        }
        return try object(from: base)
    }

    /// The caller's tables.
    func lookup() throws(MappingFailure) -> any Lookup {
        guard let lookup = context.lookup else {
            throw failure("U2005", "the mapping looks something up, but the caller supplied no tables")
        }
        return lookup
    }
}
