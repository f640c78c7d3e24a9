import Connector
import Document

/// The web shop: products, whose prices it rounds to 0.05, and its customers' accounts.
package final class Shop: WebSystem {
    package let line: SystemLine
    let products: WebRecords
    let customers: WebRecords

    package init(_ line: SystemLine) {
        self.line = line
        products = WebRecords(
            WebRecords.Kind(
                path: ["api", "products"], natural: "sku", fresh: ["sku": "", "currency": "EUR", "active": true],
                columns: ["sku", "name", "description", "price", "currency", "image", "active"],
                needed: ["sku", "name"], kept: { $0 == "price" ? Shop.rounded($1) : $1 }, announcesDeletions: true),
            line)
        customers = WebRecords(
            WebRecords.Kind(
                path: ["api", "customers"], natural: "email",
                fresh: [
                    "first_name": .null, "last_name": .null, "email": .null, "phone": .null,
                    "address": ["street": .null, "zip": .null, "city": .null, "country": .null],
                ],
                columns: ["first_name", "last_name", "email", "phone", "address"], needed: ["email"],
                kept: { $1 }, announcesDeletions: false),
            line)
    }

    package func answer(_ request: WebRequest) -> WebAnswer {
        products.answer(request) ?? customers.answer(request) ?? WebAnswer(404)
    }

    /// The shop's till can't give back less than five cents.
    static func rounded(_ price: JSON) -> JSON {
        guard case .number(let number) = price else { return price }
        let steps = Int((number.double * 20).rounded())
        let cents = steps * 5
        let digits = cents % 100
        return .number(Number("\(cents / 100).\(digits < 10 ? "0" : "")\(digits)")!)
    }
}
