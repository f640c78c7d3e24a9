import CExpat
import Document

/// Makes documents out of Expat's events.
///
/// Handlers get it as their user data. It stops the parser behind each record, and for good at what it refuses.
final class XMLBuilder {
    /// An open element inside a record.
    private struct Element {
        var name: String
        var members: [(key: Node, value: Node)] = []
        var children: [(name: String, nodes: [Node])] = []
        var text: [UInt8] = []
        var isNil = false
    }

    private let options: XMLOptions
    private let parser: XML_Parser
    /// The caller's tape, for the time of one call.
    var tape: UnsafeMutablePointer<Tape>?
    /// How many elements are open.
    private var depth = 0
    /// How many of the outermost open elements are those of the record's path.
    private var matched = 0
    private var stack: [Element] = []

    /// Whether a record was completed since the parser last went on.
    var isComplete = false
    /// Where the record, complete or not, begins, and its line.
    private(set) var start: (byte: Int, line: Int)?
    private(set) var end = 0
    /// Why the record that was completed can't be used.
    private(set) var fault: String?
    /// Why the parser was stopped for good.
    private(set) var refusal: (reason: String, remedy: String?)?
    /// How many elements were neither records nor around records.
    private(set) var strays = 0

    init(_ options: XMLOptions, _ parser: XML_Parser) {
        self.options = options
        self.parser = parser
    }

    /// Forgets the record that was completed.
    func proceed() {
        isComplete = false
        start = nil
        fault = nil
        stack.removeAll(keepingCapacity: true)
    }

    private func refuse(_ reason: String, _ remedy: String?) {
        refusal = refusal ?? (reason, remedy)
        XML_StopParser(parser, XML_Bool(XML_FALSE))
    }

    func refuseDocumentType() {
        refuse(
            "a document type declaration (DTD), which could fetch files and exhaust memory",
            "ask the sender for documents without DOCTYPE")
    }

    // MARK: Elements

    func begin(_ rawName: UnsafePointer<XML_Char>, _ attributes: UnsafePointer<UnsafePointer<XML_Char>?>) {
        depth += 1
        guard depth <= XMLOptions.maximumDepth else {
            return refuse("elements nested deeper than \(XMLOptions.maximumDepth)", nil)
        }
        let name = name(rawName)
        if start == nil {
            guard isRecord(name) else { return }
            start = (Int(XML_GetCurrentByteIndex(parser)), Int(XML_GetCurrentLineNumber(parser)))
            tape!.pointee.reset()
        }
        checkSize()
        guard fault == nil else { return }
        var element = Element(name: name)
        var place = 0
        while let key = attributes[place], let value = attributes[place + 1] {
            place += 2
            let key = self.name(key)
            if key == "xmlns" || key.hasPrefix("xmlns:") { continue }
            let text = UnsafeBufferPointer(start: value, count: length(value))
            if key == "xsi:nil" {
                element.isNil = text.elementsEqual("true".utf8.lazy.map(CChar.init)) || text.elementsEqual([49])
                continue
            }
            let node = text.withMemoryRebound(to: UInt8.self) { tape!.pointee.append(utf8: $0) }
            element.members.append((tape!.pointee.append("@" + key), node))
        }
        stack.append(element)
    }

    /// Follows the path to the records; true where a record begins.
    private func isRecord(_ name: String) -> Bool {
        if options.record.isEmpty { return depth == 1 }
        guard matched == depth - 1, matched < options.record.count, options.record[matched] == name else {
            strays += 1
            return false
        }
        matched += 1
        return matched == options.record.count
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !stack.isEmpty, fault == nil else { return }
        stack[stack.count - 1].text.append(contentsOf: bytes)
        checkSize()
    }

    private func checkSize() {
        // With the bytes of this event: an attribute alone may be too long for a tape.
        let reach = Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
        guard let start, reach - start.byte > options.maximumRecord else { return }
        fault = "a record of more than \(options.maximumRecord) bytes; see 'maximum-record'"
        stack.removeAll()
    }

    func end(_ rawName: UnsafePointer<XML_Char>) {
        defer {
            depth -= 1
            matched = min(matched, depth)
        }
        guard let start else { return }
        let isRecord = depth == max(1, options.record.count)
        if fault == nil {
            let element = stack.removeLast()
            let node = node(element)
            if isRecord {
                tape!.pointee.setRoot(options.record.isEmpty ? wrapped(node, element.name) : node)
            } else {
                add(node, element.name)
            }
        }
        guard isRecord else { return }
        end = Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
        // Both events of an empty element come from the same bytes.
        end = max(end, start.byte)
        isComplete = true
        XML_StopParser(parser, XML_Bool(XML_TRUE))
    }

    private func wrapped(_ node: Node, _ name: String) -> Node {
        tape!.pointee.append(object: [(key: tape!.pointee.append(name), value: node)])
    }

    private func add(_ node: Node, _ name: String) {
        let top = stack.count - 1
        if let place = stack[top].children.lastIndex(where: { $0.name == name }) {
            stack[top].children[place].nodes.append(node)
        } else {
            stack[top].children.append((name, [node]))
        }
    }

    private func node(_ element: Element) -> Node {
        var text = element.text[...]
        if options.trims || !element.children.isEmpty {
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
            while let first = text.first, isSpace(first) { text.removeFirst() }
            while let last = text.last, isSpace(last) { text.removeLast() }
        }
        let isPlain = element.members.isEmpty && element.children.isEmpty
        if isPlain, element.isNil { return tape!.pointee.append(literal: nil) }
        let value = text.withUnsafeBufferPointer { tape!.pointee.append(utf8: $0) }
        if isPlain { return value }
        var members = element.members
        for child in element.children {
            let isArray = child.nodes.count > 1 || options.arrays.contains(child.name)
            let node = isArray ? tape!.pointee.append(array: child.nodes) : child.nodes[0]
            members.append((tape!.pointee.append(child.name), node))
        }
        if element.isNil {
            members.append((tape!.pointee.append("$text"), tape!.pointee.append(literal: nil)))
        } else if !text.isEmpty {
            members.append((tape!.pointee.append("$text"), value))
        }
        return tape!.pointee.append(object: members)
    }

    // MARK: Names

    /// A name as documents have it. With namespaces, Expat gives `uri\nname` or `uri\nname\nprefix`.
    private func name(_ raw: UnsafePointer<XML_Char>) -> String {
        let text = String(cString: raw)
        guard !options.namespaces.isEmpty, text.utf8.contains(0x0A) else { return text }
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        var prefix = parts.count > 2 ? String(parts[2]) : ""
        if let known = options.namespaces.first(where: { $0.uri == parts[0] }) {
            prefix = known.prefix
        } else if parts[0] == "http://www.w3.org/2001/XMLSchema-instance" {
            prefix = "xsi"
        }
        return prefix.isEmpty ? String(parts[1]) : "\(prefix):\(parts[1])"
    }

    private func length(_ text: UnsafePointer<XML_Char>) -> Int {
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }
}
