/// How a message's segments belong together: the branching diagram of its type.
///
/// Written in the order of the segments; a group stands in parentheses and begins with the segment that opens it:
/// `BGM DTM (RFF DTM) (LIN PIA (QTY LOC))`. `UNH` and `UNT` are understood.
struct EDIFACTGroups: Sendable {
    struct Entry: Sendable {
        var tag: EDIFACTTag
        /// The group that this segment opens, by its place in ``groups``.
        var group: Int?
    }

    /// The entries of each group without the segment that opens it; the first is the message.
    private(set) var groups: [[Entry]] = [[]]

    /// Nothing belongs together: every segment lies under the message.
    static let flat = EDIFACTGroups()

    private init() {}

    /// Reads the notation; nil when it breaks its rules.
    init?(_ notation: String) {
        var open = [0]
        var opens = false
        var word = ""
        func take(_ word: inout String, _ groups: inout [[Entry]]) -> Bool {
            defer { word = "" }
            guard !word.isEmpty else { return true }
            guard let tag = EDIFACTTag(word) else { return false }
            if opens {
                opens = false
                groups.append([])
                groups[open.last!].append(Entry(tag: tag, group: groups.count - 1))
                open.append(groups.count - 1)
            } else {
                groups[open.last!].append(Entry(tag: tag))
            }
            return true
        }
        for character in notation {
            switch character {
            case "(":
                guard take(&word, &groups), !opens else { return nil }
                opens = true
            case ")":
                guard take(&word, &groups), !opens, open.count > 1 else { return nil }
                open.removeLast()
            case " ", "\n":
                guard take(&word, &groups) else { return nil }
            default: word.append(character)
            }
        }
        guard take(&word, &groups), !opens, open.count == 1, !groups[0].isEmpty else { return nil }
    }

    /// The place of a tag in a group, searched from an entry on.
    func find(_ tag: EDIFACTTag, in group: Int, from start: Int) -> Int? {
        groups[group][start...].firstIndex { $0.tag == tag }
    }

    /// The entries that lead from a group down to a tag through groups that were left out; the shortest way.
    func descend(to tag: EDIFACTTag, from group: Int) -> [Int]? {
        var ways: [(group: Int, way: [Int])] = [(group, [])]
        var next = 0
        while next < ways.count {
            let (group, way) = ways[next]
            next += 1
            if let place = find(tag, in: group, from: 0) { return way + [place] }
            for (place, entry) in groups[group].enumerated() {
                if let inner = entry.group { ways.append((inner, way + [place])) }
            }
        }
        return nil
    }

    /// The messages of directory D.96A that a retailer's value chain exchanges. `UNS` opens the summary section, so
    /// that totals lie apart from what the lines have under the same tags.
    static let standard: [String: EDIFACTGroups] = [
        "INVRPT": inventoryReport, "SLSRPT": salesReport, "ORDERS": orders, "ORDRSP": orderResponse,
        "DESADV": despatchAdvice, "INVOIC": invoice,
    ].mapValues { EDIFACTGroups($0)! }

    private static let inventoryReport = """
        BGM DTM (RFF DTM) (NAD LOC (RFF DTM) (CTA COM)) (CUX DTM) (CPS (PAC PCI (QTY GIN DTM)))
        (LIN PIA IMD MEA ALI LOC DTM (RFF DTM)
          (QTY INV GIN LOC DTM STS (NAD LOC) (PRI CUX DTM) (RFF DTM) (CPS (PAC MEA QTY (PCI RFF DTM GIN)))))
        """

    private static let salesReport = """
        BGM DTM (NAD (CTA COM)) (RFF DTM) (CUX DTM)
        (LOC DTM (RFF DTM) (LIN PIA IMD PAC RFF DOC ALI MOA PRI GIN (QTY MKS NAD)))
        """

    private static let charges = "(QTY RNG) (PCD RNG) (MOA RNG) (RTE RNG) (TAX MOA)"
    private static let parties = "(RFF DTM) (DOC DTM) (CTA COM)"

    private static func order(_ adjustment: String) -> String {
        """
        BGM DTM PAI ALI IMD FTX (RFF DTM) \(adjustment) (NAD LOC FII \(parties)) (TAX MOA LOC) (CUX PCD DTM)
        (PAT DTM PCD MOA) (TDT (LOC DTM)) (TOD LOC) (PAC MEA (PCI RFF DTM GIN)) (EQD HAN MEA FTX)
        (SCC FTX RFF (QTY DTM)) (APR DTM RNG) (ALC ALI DTM \(charges)) (RCS RFF DTM FTX)
        (LIN PIA IMD MEA QTY PCD ALI DTM MOA GIN GIR QVR DOC PAI FTX (CCI CAV MEA) (PAT DTM PCD MOA) \(adjustment)
          (PRI CUX APR RNG DTM) (RFF DTM) (PAC MEA QTY DTM (RFF DTM) (PCI RFF DTM GIN)) (LOC QTY DTM) (TAX MOA LOC)
          (NAD LOC \(parties)) (ALC ALI DTM \(charges)) (TDT (LOC DTM)) (TOD LOC) (EQD HAN MEA FTX)
          (SCC FTX RFF (QTY DTM)) (RCS RFF DTM FTX) (STG (QTY MOA)))
        (UNS MOA CNT (ALC ALI MOA))
        """
    }

    private static let orders = order("")
    private static let orderResponse = order("(AJT FTX)")

    private static let despatchAdvice = """
        BGM DTM ALI MEA MOA (RFF DTM) (NAD LOC (RFF DTM) (CTA COM)) (TOD LOC FTX) (TDT PCD (LOC DTM))
        (EQD MEA SEL EQA (HAN FTX))
        (CPS FTX (PAC MEA QTY (HAN FTX) (PCI RFF DTM GIR (GIN DLM)))
          (LIN PIA IMD MEA QTY ALI GIN GIR DLM DTM FTX MOA (RFF DTM) (DGS QTY FTX) (LOC NAD DTM QTY) (SGP QTY)
            (PCI DTM MEA QTY (GIN DLM) (HAN FTX GIN)) (QVR DTM)))
        CNT
        """

    private static let invoice = """
        BGM DTM PAI ALI IMD FTX (RFF DTM) (NAD LOC FII \(parties)) (TAX MOA LOC) (CUX DTM) (PAT DTM PCD MOA PAI FII)
        (TDT (LOC DTM) (RFF DTM)) (TOD LOC) (PAC MEA (PCI RFF DTM GIN)) (ALC ALI (RFF DTM) \(charges))
        (RCS RFF DTM FTX) (AJT FTX) (INP FTX)
        (LIN PIA IMD MEA QTY PCD ALI DTM GIN GIR QVR EQD FTX (MOA CUX) (PAT DTM PCD MOA) (PRI APR RNG DTM) (RFF DTM)
          (PAC MEA (PCI RFF DTM GIN)) (LOC QTY DTM) (TAX MOA LOC) (NAD LOC \(parties)) (ALC ALI DTM \(charges))
          (TDT (LOC DTM)) (TOD LOC) (RCS RFF DTM FTX))
        (UNS CNT (MOA (RFF DTM)) (TAX MOA) (ALC ALI MOA))
        """
}
