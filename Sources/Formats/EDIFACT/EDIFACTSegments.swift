/// The names of a segment's components.
///
/// Written as the segment is: elements between `+`, components between `:`; `#` behind a name makes a number of it,
/// `-` leaves a component out of documents. What has no name is called by its place: `e3_2` is the second component of
/// the third element.
struct EDIFACTSegment: Sendable {
    struct Field: Sendable {
        var name: String
        var utf8: [UInt8]
        var isNumber: Bool
    }

    /// By element and component, both from 0.
    private let fields: [[Field?]]

    /// No names at all.
    static let unnamed = EDIFACTSegment(fields: [])

    private init(fields: [[Field?]]) { self.fields = fields }

    /// Reads the notation; nil when a name is not in lower camel case, or is there twice.
    init?(_ notation: String) {
        var seen: Set<String> = []
        var fields: [[Field?]] = []
        for element in notation.split(separator: "+", omittingEmptySubsequences: false) {
            var components: [Field?] = []
            for component in element.split(separator: ":", omittingEmptySubsequences: false) {
                var name = component.filter { $0 != " " }
                let isNumber = name.last == "#"
                if isNumber { name.removeLast() }
                if name.isEmpty {
                    components.append(nil)
                    continue
                }
                let isCamel =
                    name == "-"
                    || (name.first!.isLowercase && name.utf8.allSatisfy { isDigit($0) || (65...122).contains($0) })
                guard isCamel, Self.place(name) == nil, name == "-" || seen.insert(name).inserted else { return nil }
                components.append(Field(name: name, utf8: Array(name.utf8), isNumber: isNumber))
            }
            fields.append(components)
        }
        self.fields = fields
    }

    /// The field at a place; both numbers from 1.
    func field(element: Int, component: Int) -> Field? {
        guard element <= fields.count, component <= fields[element - 1].count else { return nil }
        return fields[element - 1][component - 1]
    }

    /// The place of a name; `e3_2` is understood whatever has names.
    func place(of name: String) -> (element: Int, component: Int)? {
        for (element, components) in fields.enumerated() {
            for (component, field) in components.enumerated() where field?.name == name && name != "-" {
                return (element + 1, component + 1)
            }
        }
        return Self.place(name)
    }

    /// Every name.
    var names: [String] { fields.flatMap { $0.compactMap { $0?.name } }.filter { $0 != "-" } }

    private static func place(_ name: String) -> (element: Int, component: Int)? {
        guard name.first == "e" else { return nil }
        let numbers = name.dropFirst().split(separator: "_", omittingEmptySubsequences: false)
        guard numbers.count == 2, let element = Int(numbers[0]), let component = Int(numbers[1]),
            (1...999).contains(element), (1...999).contains(component), name == "e\(element)_\(component)"
        else { return nil }
        return (element, component)
    }

    /// The service segments (ISO 9735) and those of directory D.96A that the messages of a value chain use. Later
    /// directories add components behind these; they keep their places.
    static let standard: [EDIFACTTag: EDIFACTSegment] = {
        var table: [EDIFACTTag: EDIFACTSegment] = [:]
        for line in notation.split(separator: "\n") {
            table[EDIFACTTag(line.prefix(3).utf8)!] = EDIFACTSegment(String(line.dropFirst(4)))!
        }
        return table
    }()

    // The recipient's password is a credential: it never enters a document (I12).
    private static let notation = """
        UNB syntax:version + sender:senderQualifier:senderAddress + recipient:recipientQualifier:recipientAddress \
        + date:time + reference + -:- + application + priority + acknowledge + agreement + test
        UNG type + sender:senderQualifier + recipient:recipientQualifier + date:time + reference + agency \
        + version:release:association + -
        UNH reference + type:version:release:agency:association + accessReference + sequence:firstLast
        AJT reason + line
        ALC qualifier + number:description + settlement + sequence \
        + service:serviceList:serviceAgency:serviceText:serviceText2
        ALI origin + dutyRegime + condition + condition2 + condition3 + condition4 + condition5
        APR trade + multiplier#:multiplierQualifier + reason:reasonList:reasonAgency:reasonText
        BGM document:documentList:documentAgency:documentName + number + function + response
        CAV value:valueList:valueAgency:valueText:valueText2
        CCI class + dimension:significance:attribute:attributeText \
        + characteristic:characteristicList:characteristicAgency:characteristicText:characteristicText2
        CNT qualifier:value#:unit
        COM number:channel
        CPS number + parent + level
        CTA function + contact:contactName
        CUX usage:currency:qualifier:base# + usage2:currency2:qualifier2:base2# + rate# + market
        DOC document:documentList:documentAgency:documentName + number:status:source:language + channel + copies# \
        + originals#
        DTM qualifier:value:format
        EQA qualifier + equipment:equipmentList:equipmentAgency:country
        EQD qualifier + equipment:equipmentList:equipmentAgency:country + size:sizeList:sizeAgency:sizeText \
        + supplier + status + fullness
        FII qualifier + account:holder:holder2:currency \
        + institution:institutionList:institutionAgency:branch:branchList:branchAgency:institutionName:branchPlace \
        + country
        FTX subject + function + code:codeList:codeAgency + text:text2:text3:text4:text5 + language
        GIN qualifier + from:to + from2:to2 + from3:to3 + from4:to4 + from5:to5
        GIR set + identity:qualifier:status + identity2:qualifier2:status2 + identity3:qualifier3:status3 \
        + identity4:qualifier4:status4 + identity5:qualifier5:status5
        HAN instruction:instructionList:instructionAgency:instructionText + hazard:hazardList:hazardAgency
        IMD type + characteristic + code:codeList:codeAgency:description:description2:language + surface
        INV direction + type + reason + method \
        + instructionQualifier:instruction:instructionList:instructionAgency:instructionText
        LIN line + action + item:itemType:itemList:itemAgency + subline:sublineNumber + level + configuration
        LOC qualifier + place:placeList:placeAgency:placeName + related:relatedList:relatedAgency:relatedName \
        + related2:related2List:related2Agency:related2Name + relation
        MEA application + dimension:significance:attribute:attributeText + unit:value#:minimum#:maximum#:digits \
        + surface
        MKS sector + channel:channelList:channelAgency + action
        MOA qualifier:amount#:currency:currencyQualifier:status
        NAD qualifier + party:partyList:partyAgency + address:address2:address3:address4:address5 \
        + name:name2:name3:name4:name5:nameFormat + street:street2:street3:street4 + city + region + postcode + country
        PAC packages# + level:information:terms + type:typeList:typeAgency:typeText
        PAI condition:guarantee:means:meansList:meansAgency:channel
        PAT type + terms:termsList:termsAgency:termsText:termsText2 + reference:relation:period:periods#
        PCD qualifier:percentage#:basis:basisList:basisAgency
        PCI instruction + marks:marks2:marks3:marks4:marks5:marks6:marks7:marks8:marks9:marks10 + status \
        + marking:markingList:markingAgency
        PIA function + item:itemType:itemList:itemAgency + item2:item2Type:item2List:item2Agency \
        + item3:item3Type:item3List:item3Agency + item4:item4Type:item4List:item4Agency \
        + item5:item5Type:item5List:item5Agency
        PRI qualifier:price#:type:typeQualifier:basis#:unit + change
        QTY qualifier:quantity#:unit
        QVR difference#:qualifier + discrepancy + reason:reasonList:reasonAgency:reasonText
        RCS sector + requirement:requirementList:requirementAgency:requirementText + action
        RFF qualifier:reference:line:version
        RNG type + unit:minimum#:maximum#
        RTE type:rate#:basis#:unit
        SCC status + requirements + frequency:pattern:timing
        SEL number + issuer:issuerList:issuerAgency:issuerName + condition
        SGP equipment:equipmentList:equipmentAgency:country + packages#
        STG qualifier + stages + stage
        STS type:typeList:typeAgency + status:statusList:statusAgency:statusText \
        + reason:reasonList:reasonAgency:reasonText
        TAX function + type:typeList:typeAgency:typeText + account:accountList:accountAgency + basis \
        + rateId:rateIdList:rateIdAgency:rate:rateBasis:rateBasisList:rateBasisAgency + category + registration
        TDT stage + reference + mode:modeText + means:meansText + carrier:carrierList:carrierAgency:carrierName \
        + direction + excessReason:excessResponsibility:authorization \
        + transport:transportList:transportAgency:transportName:nationality + ownership
        TOD function + payment + terms:termsList:termsAgency:termsText:termsText2
        UNS section
        """
}
