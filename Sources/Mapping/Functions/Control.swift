import Document

/// Ending a record's mapping on purpose.
enum Control {
    static let functions: [Function] = [
        Function(
            "error", "<s?:x>", "Fails the record with a message.", examples: []
        ) { (machine, arguments) throws(MappingFailure) in
            let message = machine.argument(arguments, 0)
            throw machine.failure(
                "D3137", message.isString ? machine.text(message) : "$error() function evaluated")
        },
        Function(
            "assert", "<bs?:x>", "Fails the record with a message unless a condition holds.",
            examples: [.init("$assert(1 < 2, \"impossible\")", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            if machine.argument(arguments, 0) == .true { return .undefined }
            let message = machine.argument(arguments, 1)
            throw machine.failure(
                "D3141", message.isString ? machine.text(message) : "$assert() statement failed")
        },
        Function(
            "reject", "<s:x>",
            "Ends the record as a dead letter, with the reason why: the mapping looked at it and won't have it.",
            examples: []
        ) { (machine, arguments) throws(MappingFailure) in
            let reason = machine.argument(arguments, 0)
            throw .rejected(
                Rejection(reason: reason.isString ? machine.text(reason) : "no reason given", file: "", line: 0))
        },
    ]
}
