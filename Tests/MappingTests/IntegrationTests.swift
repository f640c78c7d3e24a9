import Document
import Testing

@testable import Mapping

/// Mappings as connectors have them: a system's document in, canonical items out, and back.
@Suite struct IntegrationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let mapping: String
        let input: String
        let result: String?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "a price list's CSV row, decimal comma and all, to a product",
            mapping: """
                {
                  "product": {
                    "gtin": $omni_gtin(EAN) ?? $reject("no valid EAN"),
                    "name": $trim(Bezeichnung),
                    "price": $number($replace($replace(Preis, ".", ""), ",", ".")),
                    "currency": Waehrung ?? "EUR",
                    "colour": Farbe != "" ? $lowercase(Farbe)
                  },
                  "self": Artikelnummer
                }
                """,
            input: """
                {"EAN":"6438012345675","Artikelnummer":"100-4711","Bezeichnung":" Sofa  Helsinki ","Preis":"1.799,90","Farbe":""}
                """,
            result: """
                {"product":{"gtin":"06438012345675","name":"Sofa Helsinki","price":1799.9,"currency":"EUR"},"self":"100-4711"}
                """),
        Case(
            name: "a till's sale to an order and its movements",
            mapping: """
                (
                  $place := till;
                  [
                    {"order": {
                      "id": "till-" & number,
                      "channel": $system,
                      "total": $sum(lines.(qty * price)),
                      "lines": [lines.{"product": $omni_gtin(ean), "quantity": qty, "price": price}]
                    }},
                    lines.{
                      "movement": {"product": $omni_gtin(ean), "place": $place, "quantity": -qty, "kind": "sale"},
                      "at": %.soldAt
                    }
                  ]
                )
                """,
            input: """
                {"number":8812,"till":"kamppi","soldAt":"2025-01-31T09:15:00+02:00","lines":[
                  {"ean":"6438012345675","qty":1,"price":79.90},{"ean":"40170725","qty":2,"price":0.05}]}
                """,
            result: """
                [{"order":{"id":"till-8812","channel":"till","total":80,"lines":[\
                {"product":"06438012345675","quantity":1,"price":79.90},\
                {"product":"00000040170725","quantity":2,"price":0.05}]}},\
                {"movement":{"product":"06438012345675","place":"kamppi","quantity":-1,"kind":"sale"},\
                "at":"2025-01-31T09:15:00+02:00"},\
                {"movement":{"product":"00000040170725","place":"kamppi","quantity":-2,"kind":"sale"},\
                "at":"2025-01-31T09:15:00+02:00"}]
                """),
        Case(
            name: "an EDIFACT ORDERS message's segments to an order",
            mapping: """
                (
                  $date := segments[tag = "DTM"][elements[0][0] = "137"].elements[0][1];
                  $lines := segments[tag in ["LIN", "QTY", "PRI"]];
                  {
                    "order": {
                      "id": segments[tag = "BGM"].elements[1][0],
                      "orderedAt": $date ~> $toMillis("[Y0001][M01][D01]") ~> $fromMillis(),
                      "currency": segments[tag = "CUX"].elements[0][1],
                      "lines": $lines#$i[tag = "LIN"].{
                        "product": $omni_gtin(elements[2][0]),
                        "quantity": $number($lines[$i + 1].elements[0][1]),
                        "price": $number($lines[$i + 2].elements[0][1])
                      }
                    }
                  }
                )
                """,
            input: """
                {"segments":[
                  {"tag":"BGM","elements":[["220"],["PO-128576"],["9"]]},
                  {"tag":"DTM","elements":[["137","20250131","102"]]},
                  {"tag":"DTM","elements":[["2","20250207","102"]]},
                  {"tag":"CUX","elements":[["2","EUR","9"]]},
                  {"tag":"LIN","elements":[["1"],[""],["6438012345675","EN"]]},
                  {"tag":"QTY","elements":[["21","48"]]},
                  {"tag":"PRI","elements":[["AAA","13.50"]]},
                  {"tag":"LIN","elements":[["2"],[""],["40170725","EN"]]},
                  {"tag":"QTY","elements":[["21","6.5"]]},
                  {"tag":"PRI","elements":[["AAA","0.99"]]}]}
                """,
            result: """
                {"order":{"id":"PO-128576","orderedAt":"2025-01-31T00:00:00.000Z","currency":"EUR","lines":[\
                {"product":"06438012345675","quantity":48,"price":13.5},\
                {"product":"00000040170725","quantity":6.5,"price":0.99}]}}
                """),
        Case(
            name: "SQL rows of stock, one row a product and place, to counts",
            mapping: """
                rows[ean ~> $omni_gtin() ~> $exists()].{
                  "count": {"product": $omni_gtin(ean), "place": $string(store), "quantity": on_hand - (damaged ?? 0)},
                  "at": counted_at
                }
                """,
            input: """
                {"rows":[{"ean":6438012345675,"store":17,"on_hand":12,"damaged":2,"counted_at":"2025-01-31T00:00:00Z"},
                {"ean":0,"store":17,"on_hand":5},{"ean":"40170725","store":18,"on_hand":0.5}]}
                """,
            result: """
                [{"count":{"product":"06438012345675","place":"17","quantity":10},"at":"2025-01-31T00:00:00Z"},\
                {"count":{"product":"00000040170725","place":"18","quantity":0.5}}]
                """),
        Case(
            name: "a web shop's webhook to a customer: an empty phone says nothing, an explicit null removes",
            mapping: """
                {
                  "customer": {
                    "email": $omni_email(email),
                    "phone": phone = null ? null : $omni_phone(phone, "358"),
                    "name": $join([first_name, last_name][$ != ""], " "),
                    "address": default_address.{"street": address1, "postalCode": zip, "city": city},
                    "consents": $each(consents, function($v, $k) { {"kind": $k, "given": $v = "granted"} })[]
                  },
                  "self": id
                }
                """,
            input: """
                {"id":501,"email":" Aino@Example.FI","phone":null,"first_name":"Aino","last_name":"",
                "default_address":{"address1":"Katu 1","zip":"00100","city":"Helsinki"},"consents":{"mail":"granted"}}
                """,
            result: """
                {"customer":{"email":"aino@example.fi","phone":null,"name":"Aino",\
                "address":{"street":"Katu 1","postalCode":"00100","city":"Helsinki"},\
                "consents":[{"kind":"mail","given":true}]},"self":501}
                """),
        Case(
            name: "a web shop's order with references in other systems' numbers",
            mapping: """
                {
                  "order": {
                    "id": "shop-" & id,
                    "customer": {"system": $system, "id": $string(customer.id)},
                    "state": $lookup({"paid": "paid", "pending": "placed", "voided": "cancelled"}, financial_status),
                    "total": $number(total_price),
                    "lines": line_items[fulfillable_quantity > 0].{
                      "product": $omni_ref("product", "till", sku),
                      "quantity": fulfillable_quantity,
                      "price": $number(price)
                    }[]
                  }
                }
                """,
            input: """
                {"id":1001,"financial_status":"paid","total_price":"159.80","customer":{"id":501},
                "line_items":[{"sku":"4711","fulfillable_quantity":2,"price":"79.90"},{"sku":"x","fulfillable_quantity":0}]}
                """,
            result: """
                {"order":{"id":"shop-1001","customer":{"system":"till","id":"501"},"state":"paid","total":159.8,\
                "lines":[{"product":"06438012345675","quantity":2,"price":79.9}]}}
                """),
        Case(
            name: "back: a golden product to a till's row, cut to what its columns hold",
            mapping: """
                {
                  "ean": $substring(gtin, 1),
                  "nimi": $uppercase($substring(name, 0, 20)),
                  "hinta": $formatNumber(price, "0.00"),
                  "alv": $number($omni_table("vat", "FI-24").rate),
                  "artno": $omni_idOf("product", gtin),
                  "active": $deleted ? 0 : 1
                }
                """,
            input: #"{"gtin":"06438012345675","name":"Sofa Helsinki, kolme istuttava","price":79.90}"#,
            result: """
                {"ean":"6438012345675","nimi":"SOFA HELSINKI, KOLME","hinta":"79.90","alv":25.5,"artno":"4711","active":1}
                """),
        Case(
            name: "back: a golden order to EDIFACT segments",
            mapping: """
                {"segments": [
                  {"tag": "BGM", "elements": [["220"], [id], ["9"]]},
                  {"tag": "DTM", "elements": [["137", $fromMillis($toMillis(orderedAt), "[Y0001][M01][D01]"), "102"]]},
                  lines#$i.([
                    {"tag": "LIN", "elements": [[$string($i + 1)], [""], [product, "EN"]]},
                    {"tag": "QTY", "elements": [["21", $string(quantity)]]}
                  ]),
                  {"tag": "CNT", "elements": [["2", $string($count(lines))]]}
                ]}
                """,
            input: """
                {"id":"PO-1","orderedAt":"2025-01-31T10:00:00+02:00","lines":[{"product":"06438012345675","quantity":2.50}]}
                """,
            result: """
                {"segments":[{"tag":"BGM","elements":[["220"],["PO-1"],["9"]]},\
                {"tag":"DTM","elements":[["137","20250131","102"]]},\
                {"tag":"LIN","elements":[["1"],[""],["06438012345675","EN"]]},\
                {"tag":"QTY","elements":[["21","2.5"]]},{"tag":"CNT","elements":[["2","1"]]}]}
                """),
        Case(
            name: "a variant feed by parents: the product's name on each of its variants",
            mapping: """
                products.variants.{
                  "product": {
                    "gtin": $omni_gtin(barcode),
                    "name": %.title & " " & title,
                    "labels": $distinct($split(%.tags, ", ")),
                    "image": ($id := image_id; %.images[id = $id].src)
                  },
                  "self": id
                }
                """,
            input: """
                {"products":[{"title":"Sofa","tags":"new, sofa, new","images":[{"id":1,"src":"a.jpg"},{"id":2,"src":"b.jpg"}],
                "variants":[{"id":11,"title":"green","barcode":"6438012345675","image_id":2}]}]}
                """,
            result: """
                {"product":{"gtin":"06438012345675","name":"Sofa green","labels":["new","sofa"],"image":"b.jpg"},"self":11}
                """),
        Case(
            name: "answers to a survey, rolled up per segment",
            mapping: """
                answers{
                  segment: {
                    "n": $count($),
                    "nps": $round(100 * ($count($[score >= 9]) - $count($[score <= 6])) / $count($), 1)
                  }
                }
                """,
            input:
                #"{"answers":[{"segment":"staff","score":9},{"segment":"staff","score":3},{"segment":"staff","score":10},{"segment":"customer","score":7}]}"#,
            result: #"{"staff":{"n":3,"nps":33.3},"customer":{"n":1,"nps":0}}"#),
        Case(
            name: "a filter: records of no interest give nothing",
            mapping: #"status in ["A", "B"] ? {"product": {"gtin": $omni_gtin(ean)}}"#,
            input: #"{"status":"X","ean":"6438012345675"}"#,
            result: nil),
    ]

    @Test("An integration's mapping gives the canonical items", arguments: cases)
    func integration(_ test: Case) throws {
        let bindings: [(name: String, value: JSON)] = [("system", "till"), ("deleted", false)]
        let result = try map(
            test.mapping, test.input, bindings: bindings, options: .connector(variables: ["system", "deleted"]))
        #expect(result == test.result?.trimmed)
    }
}

extension String {
    /// Without the newline that a literal over several lines may end in.
    fileprivate var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
