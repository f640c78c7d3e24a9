/// A customer on the first day, as each system that knows them has spelt them.
///
/// E-mail addresses are under example.com (RFC 2606); phone numbers are from the range that the Swedish regulator keeps
/// for fiction.
struct Person: Sendable {
    struct Record: Sendable {
        var name: String
        var phone: String?
        var email: String?
        var street: String?
        var zip: String?
        var city: String?
        var loyalty: String?

        init(
            _ name: String, phone: String? = nil, email: String? = nil, _ street: String? = nil, _ zip: String? = nil,
            _ city: String? = nil, loyalty: String? = nil
        ) {
            self.name = name
            self.phone = phone
            self.email = email
            self.street = street
            self.zip = zip
            self.city = city
            self.loyalty = loyalty
        }
    }

    var till: Record?
    var shop: Record?
    var crm: Record?
    /// The CRM's consents: newsletter, profiling.
    var consents = (newsletter: false, profiling: false)
}

extension Person {
    static let all: [Person] = [
        // In three systems: the till shares the loyalty number with the CRM, the shop the e-mail address.
        Person(
            till: Record(
                "Virtanen Aino", phone: "+46701740605", "Mannerheimintie 12 A 4", "00100", "Helsinki",
                loyalty: "L-100231"),
            shop: Record(
                "Aino Virtanen", phone: "+46 70 174 06 05", email: "aino.virtanen@example.com",
                "Mannerheimintie 12 A 4", "00100", "Helsinki"),
            crm: Record(
                "Aino Virtanen", email: "Aino.Virtanen@example.com", "Mannerheimintie 12", "00100", "Helsinki",
                loyalty: "L-100231"),
            consents: (true, true)),
        // Till and CRM, by the loyalty number only.
        Person(
            till: Record("Korhonen M.", "Hämeentie 31", "00500", "Helsinki", loyalty: "L-100407"),
            crm: Record(
                "Mikko Korhonen", phone: "+46701740611", email: "mikko.korhonen@example.com", "Hämeentie 31", "00500",
                "Helsinki", loyalty: "L-100407"),
            consents: (true, false)),
        // Shop and CRM, by the e-mail address; the CRM's clerk had no umlauts.
        Person(
            shop: Record(
                "Sofia Lindström", phone: "+46701740622", email: "sofia.lindstrom@example.com", "Runeberginkatu 5 B 19",
                "00260", "Helsinki"),
            crm: Record("Sofia Lindstrom", email: "sofia.lindstrom@example.com", nil, nil, "Helsinki")),
        // Till and shop, by the phone number.
        Person(
            till: Record("Mäkinen Juhani", phone: "+46701740633", "Itämerenkatu 9", "00180", "Helsinki"),
            shop: Record(
                "Juhani Mäkinen", phone: "+46701740633", email: "juhani.makinen@example.com", "Itämerenkatu 9 C",
                "00180", "Helsinki")),
        Person(
            crm: Record(
                "Helena Nieminen", phone: "+46701740644", email: "helena.nieminen@example.com", "Aleksanterinkatu 2",
                "33100", "Tampere", loyalty: "L-100518"),
            consents: (false, false)),
        Person(
            shop: Record(
                "Eero Heikkinen", phone: "+46701740655", email: "eero.heikkinen@example.com", "Linnankatu 20",
                "20100", "Turku")),
        // Two who live together and share nothing but the address: they must not be taken for one.
        Person(till: Record("Laine Kaisa", phone: "+46701740666", "Tehtaankatu 14", "00140", "Helsinki")),
        Person(
            crm: Record(
                "Matti Laine", phone: "+46701740667", email: "matti.laine@example.com", "Tehtaankatu 14", "00140",
                "Helsinki"),
            consents: (true, false)),
    ]
}
