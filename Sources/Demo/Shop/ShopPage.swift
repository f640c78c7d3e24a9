import Transports

/// `/`: the page for people, with every product on sale and where it is available; and `/health` for machines.
struct ShopPage: Sendable {
    let store: Store

    func install(in routes: inout WebRoutes) {
        routes.open(.get, "/", page)
        routes.open(.get, "/health") { _ in .text(200, "ok\n") }
    }

    @Sendable private func page(_ request: HTTPRequest) throws -> HTTPResponse {
        let products = try store.read { database in
            try database.all(
                """
                SELECT product.name, description, price, currency, group_concat(place || ': ' || available, ', ')
                FROM product LEFT JOIN availability ON product_id = product.id WHERE active = 1
                GROUP BY product.id ORDER BY product.name, product.id
                """
            ) { row in
                let price = row.text(at: 2).map { "\($0) \(row.text(at: 3) ?? "")" } ?? "on request"
                return """
                    <tr><td><b>\(Self.escaped(row.text(at: 0)))</b><br>\(Self.escaped(row.text(at: 1)))</td>
                    <td class="price">\(Self.escaped(price))</td><td>\(Self.escaped(row.text(at: 4) ?? "ask us"))</td></tr>
                    """
            }
        }
        let html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Koti &amp; Kaamos</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 3rem auto; padding: 0 1rem; color: #223 }
            table { border-collapse: collapse; width: 100% } td, th { padding: .6rem; border-bottom: 1px solid #dde }
            th { text-align: left } .price { text-align: right; white-space: nowrap }
            </style></head>
            <body><h1>Koti &amp; Kaamos</h1>
            <table><tr><th>Product</th><th class="price">Price</th><th>Available</th></tr>
            \(products.joined(separator: "\n"))
            </table></body></html>

            """
        return HTTPResponse(200, "text/html; charset=utf-8", Array(html.utf8))
    }

    private static func escaped(_ text: String?) -> String {
        var escaped = ""
        for character in text ?? "" {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
