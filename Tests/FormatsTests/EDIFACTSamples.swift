import Document

/// Interchanges that the tests read.
enum EDIFACTSamples {
    static let stockReport = """
        UNA:+.? '
        UNB+UNOC:3+7300010000001:14+7350000000006:14+260131:0600+4711++++1'
        UNH+1+INVRPT:D:96A:UN:EAN004'
        BGM+35+IR-17+9'
        DTM+366:20260131:102'
        NAD+WH+7300010000018::9'
        RFF+XA:FI1234'
        LIN+1++6438012345675:EN'
        PIA+1+SOFA-G:SA'
        QTY+17:12:PCE'
        LOC+18+A7'
        QTY+83:1.5:PCE'
        LIN+2++6438012345682:EN'
        QTY+17:0'
        UNT+13+1'
        UNZ+1+4711'

        """

    static let stockDocument = """
        {"interchange":{"syntax":"UNOC","version":"3","sender":"7300010000001","senderQualifier":"14",\
        "recipient":"7350000000006","recipientQualifier":"14","date":"260131","time":"0600","reference":"4711",\
        "acknowledge":"1"},\
        "message":{"reference":"1","type":"INVRPT","version":"D","release":"96A","agency":"UN","association":"EAN004"},\
        "BGM":[{"document":"35","number":"IR-17","function":"9"}],\
        "DTM":[{"qualifier":"366","value":"20260131","format":"102"}],\
        "NAD":[{"qualifier":"WH","party":"7300010000018","partyAgency":"9",\
        "RFF":[{"qualifier":"XA","reference":"FI1234"}]}],\
        "LIN":[{"line":"1","item":"6438012345675","itemType":"EN",\
        "PIA":[{"function":"1","item":"SOFA-G","itemType":"SA"}],\
        "QTY":[{"qualifier":"17","quantity":12,"unit":"PCE","LOC":[{"qualifier":"18","place":"A7"}]},\
        {"qualifier":"83","quantity":1.5,"unit":"PCE"}]},\
        {"line":"2","item":"6438012345682","itemType":"EN","QTY":[{"qualifier":"17","quantity":0}]}]}
        """

    static let invoice = """
        UNB+UNOA:1+S+R+991006:1902+X1'
        UNH+1+INVOIC:D:96A:UN'
        BGM+380+INV001+9'
        NAD+SU+SUP::9'
        RFF+VA:123'
        TAX+7+VAT+++:::24'
        MOA+124:1'
        LIN+1++64:EN'
        QTY+47:10'
        MOA+203:50.00'
        PRI+AAA:5.00'
        TAX+7+VAT+++:::24'
        MOA+124:12.00'
        UNS+S'
        MOA+77:62.00'
        TAX+7+VAT+++:::24'
        MOA+124:12.00'
        UNT+17+1'
        UNZ+1+X1'
        """

    /// Wraps segments into a message and an interchange, with the right counts.
    static func interchange(
        _ segments: String, type: String = "ORDERS:D:96A:UN", syntax: String = "UNOC:3", una: String = "UNA:+.? '"
    ) -> String {
        let count = segments.replacing("?'", with: "").split(separator: "'").count + 2
        return "\(una)UNB+\(syntax)+S+R+260131:0600+9'UNH+1+\(type)'\(segments)UNT+\(count)+1'UNZ+1+9'"
    }
}
