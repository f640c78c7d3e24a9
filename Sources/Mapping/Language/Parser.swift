import Document

/// Reads the whole of JSONata 2 by operator precedence (Pratt): each token has a binding power, a meaning at the start of
/// an expression, and one behind an operand.
struct Parser {
    let source: SourceText
    private var lexer: Lexer
    private var token = Token(kind: .end, offset: 0)
    /// The token before it.
    private var last = Token(kind: .end, offset: 0)
    private var depth = 0

    /// How deep expressions may nest, so that hostile sources can't exhaust the stack.
    static let maxDepth = 256
    /// How high the tree may grow: operators in a row make one as high as they are many.
    static let maxHeight = 400

    init(_ source: SourceText) {
        self.source = source
        self.lexer = Lexer(source)
    }

    /// Parses all of the source.
    mutating func parse() throws(MappingError) -> Syntax {
        try advance()
        let tree = try expression(0)
        guard token.kind == .end else {
            throw source.error(
                "S0201", "expected the end or an operator, found \(token.text)\(advice)", at: token.offset,
                token: token.text, isUnexpected: true)
        }
        return tree
    }

    // MARK: Tokens

    private mutating func advance(afterOperand: Bool = false) throws(MappingError) {
        last = token
        token = try lexer.next(afterOperand: afterOperand)
        if let symbol = token.symbol, symbol == "!" || symbol == "~" {
            throw source.error("S0204", "no such operator: \(symbol)", at: token.offset, token: symbol)
        }
    }

    /// What two names in a row were meant to be, most likely.
    private var advice: String {
        guard case .name(let first) = last.kind, case .name(let second) = token.kind else { return "" }
        return "; a name that is no plain word stands in backticks, as `\(first) \(second)`"
    }

    private mutating func expect(_ symbol: String, afterOperand: Bool = false) throws(MappingError) {
        guard token.symbol == symbol else {
            if token.kind == .end {
                throw source.error("S0203", "expected '\(symbol)' before the end", at: token.offset, token: token.text)
            }
            throw source.error(
                "S0202", "expected '\(symbol)', found \(token.text)\(advice)", at: token.offset, token: token.text,
                isUnexpected: true)
        }
        try advance(afterOperand: afterOperand)
    }

    private func power(_ token: Token) -> Int {
        switch token.symbol {
        case "[", "(", "@", "#": 80
        case ".": 75
        case "{": 70
        case "*", "/", "%": 60
        case "+", "-", "&": 50
        case "=", "!=", "<", ">", "<=", ">=", "^", "~>", "?:", "??", "in": 40
        case "and": 30
        case "or": 25
        case "?": 20
        case ":=": 10
        default: 0
        }
    }

    // MARK: Expressions

    private mutating func expression(_ minimum: Int) throws(MappingError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else {
            throw source.error("U1002", "expressions nest deeper than \(Self.maxDepth)", at: token.offset)
        }
        let first = token
        try advance(afterOperand: true)
        var left = try measured(try prefix(first))
        while minimum < power(token) {
            let infix = token
            try advance()
            left = try measured(try self.infix(infix, left))
        }
        return left
    }

    /// Bounds a tree's height, so that whoever walks it needs a bounded stack.
    private func measured(_ node: Syntax) throws(MappingError) -> Syntax {
        var height = 0
        for part in node.children { height = max(height, part.height) }
        for part in [node.left, node.right, node.third] { height = max(height, part?.height ?? 0) }
        node.height = height + 1
        guard node.height <= Self.maxHeight else {
            throw source.error(
                "U1002", "operators and brackets nest deeper than \(Self.maxHeight)", at: node.offset)
        }
        return node
    }

    private mutating func prefix(_ first: Token) throws(MappingError) -> Syntax {
        func leaf(_ kind: Syntax.Kind, _ text: String = "") -> Syntax {
            let node = Syntax(kind, at: first.offset)
            node.text = text
            return node
        }
        switch first.kind {
        case .end: return leaf(.end)
        case .name(let name): return leaf(.name, name)
        case .variable(let name): return leaf(.variable, name)
        case .string(let text): return leaf(.string, text)
        case .number(let number):
            let node = leaf(.number)
            node.number = number
            return node
        case .literal(let value):
            let node = leaf(.literal)
            node.truth = value
            return node
        case .regex(let pattern, let flags):
            let node = leaf(.regex, pattern)
            node.extra = flags
            return node
        case .operator(let symbol):
            switch symbol {
            case "and", "or", "in": return leaf(.name, symbol)
            case "*": return leaf(.wildcard)
            case "**": return leaf(.descendant)
            case "%": return leaf(.parent)
            case "-":
                let node = leaf(.negate)
                node.left = try expression(70)
                return node
            case "(": return try block(leaf(.block))
            case "[": return try array(leaf(.array))
            case "{":
                let node = leaf(.object)
                node.children = try pairs()
                return node
            case "|": return try transform(leaf(.transform))
            default:
                throw source.error(
                    "S0211", "\(symbol) cannot begin an expression", at: first.offset, token: symbol)
            }
        }
    }

    private mutating func block(_ node: Syntax) throws(MappingError) -> Syntax {
        while token.symbol != ")" {
            node.children.append(try expression(0))
            if token.symbol != ";" { break }
            try advance()
        }
        try expect(")", afterOperand: true)
        return node
    }

    private mutating func array(_ node: Syntax) throws(MappingError) -> Syntax {
        if token.symbol != "]" {
            while true {
                var item = try expression(0)
                if token.symbol == ".." {
                    let range = Syntax(.binary, at: token.offset)
                    range.text = ".."
                    try advance()
                    range.left = item
                    range.right = try expression(0)
                    item = range
                }
                node.children.append(item)
                if token.symbol != "," { break }
                try advance()
            }
        }
        try expect("]", afterOperand: true)
        return node
    }

    /// Keys and values in turn, up to the closing brace.
    private mutating func pairs() throws(MappingError) -> [Syntax] {
        var pairs: [Syntax] = []
        if token.symbol != "}" {
            while true {
                pairs.append(try expression(0))
                try expect(":")
                pairs.append(try expression(0))
                if token.symbol != "," { break }
                try advance()
            }
        }
        try expect("}", afterOperand: true)
        return pairs
    }

    private mutating func transform(_ node: Syntax) throws(MappingError) -> Syntax {
        node.left = try expression(0)
        try expect("|")
        node.right = try expression(0)
        if token.symbol == "," {
            try advance()
            node.third = try expression(0)
        }
        try expect("|", afterOperand: true)
        return node
    }

    // MARK: Behind an operand

    private mutating func infix(_ infix: Token, _ left: Syntax) throws(MappingError) -> Syntax {
        let symbol = infix.symbol!
        func node(_ kind: Syntax.Kind) -> Syntax {
            let node = Syntax(kind, at: infix.offset)
            node.text = symbol
            node.left = left
            return node
        }
        switch symbol {
        case "(":
            // A call stands where its function's name does.
            let node = Syntax(.call, at: left.offset)
            node.left = left
            return try call(node)
        case "[": return try predicate(node(.predicate))
        case "{":
            let group = node(.group)
            group.children = try pairs()
            return group
        case "^": return try orderBy(node(.orderBy))
        case "?":
            let condition = node(.condition)
            condition.right = try expression(0)
            if token.symbol == ":" {
                try advance()
                condition.third = try expression(0)
            }
            return condition
        case "?:", "??":
            let choice = node(symbol == "?:" ? .elvis : .coalesce)
            choice.right = try expression(0)
            return choice
        case ":=":
            guard left.kind == .variable else {
                throw source.error(
                    "S0212", "the left side of := must be a variable, as $name", at: left.offset, token: ":=")
            }
            let bind = node(.bind)
            bind.right = try expression(9)
            return bind
        case "@", "#":
            let bind = node(symbol == "@" ? .focus : .index)
            let name = try expression(80)
            guard name.kind == .variable else {
                throw source.error(
                    "S0214", "the right side of \(symbol) must be a variable, as $name", at: name.offset,
                    token: symbol)
            }
            bind.right = name
            return bind
        case ".", "~>":
            let chain = node(symbol == "." ? .dot : .apply)
            chain.right = try expression(power(infix))
            return chain
        default:
            let binary = node(.binary)
            binary.right = try expression(power(infix))
            return binary
        }
    }

    private mutating func predicate(_ node: Syntax) throws(MappingError) -> Syntax {
        if token.symbol == "]" {
            // An empty predicate keeps arrays of one element as arrays.
            var step = node.left!
            while step.kind == .predicate { step = step.left! }
            step.keepsArray = true
            try advance(afterOperand: true)
            return node.left!
        }
        node.right = try expression(0)
        try expect("]", afterOperand: true)
        return node
    }

    private mutating func orderBy(_ node: Syntax) throws(MappingError) -> Syntax {
        try expect("(")
        while true {
            var descends = false
            if token.symbol == "<" {
                try advance()
            } else if token.symbol == ">" {
                descends = true
                try advance()
            }
            node.children.append(try expression(0))
            node.descending.append(descends)
            if token.symbol != "," { break }
            try advance()
        }
        try expect(")", afterOperand: true)
        return node
    }

    private mutating func call(_ node: Syntax) throws(MappingError) -> Syntax {
        if token.symbol != ")" {
            while true {
                if token.symbol == "?" {
                    node.kind = .partial
                    node.children.append(Syntax(.placeholder, at: token.offset))
                    try advance()
                } else {
                    node.children.append(try expression(0))
                }
                if token.symbol != "," { break }
                try advance()
            }
        }
        try expect(")", afterOperand: true)
        if let procedure = node.left, procedure.kind == .name,
            procedure.text == "function" || procedure.text == "λ"
        {
            return try lambda(node)
        }
        return node
    }

    private mutating func lambda(_ node: Syntax) throws(MappingError) -> Syntax {
        for (place, parameter) in node.children.enumerated() where parameter.kind != .variable {
            throw source.error(
                "S0208", "parameter \(place + 1) of a function must be a variable, as $name", at: parameter.offset,
                token: parameter.text)
        }
        node.kind = .lambda
        if token.symbol == "<" {
            let start = token.offset
            var open = 1
            while open > 0, token.symbol != "{", token.kind != .end {
                try advance()
                if token.symbol == ">" { open -= 1 }
                if token.symbol == "<" { open += 1 }
            }
            let end = token.offset
            try expect(">")
            let text = source.bytes[start...end].filter { $0 > 0x20 }
            node.extra = String(decoding: text, as: UTF8.self)
            do throws(SignatureError) { _ = try Signature(node.extra) } catch {
                throw source.error(error.code, error.message, at: start + error.offset)
            }
        }
        try expect("{")
        node.left = try expression(0)
        try expect("}", afterOperand: true)
        return node
    }
}
