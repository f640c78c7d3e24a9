import Testing

@testable import Transports

@Suite struct RouterTests {
    private let router: Router = {
        var router = Router()
        func answer(_ name: String) -> HTTPHandler {
            { request in
                .text(
                    200, name + request.parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined())
            }
        }
        router.on(.get, "/", answer("root"))
        router.on(.get, "/products/{id}", answer("product"))
        router.on(.put, "/products/{id}", answer("change"))
        router.on(.get, "/products/new", answer("new"))
        router.on(.get, "/{kind}/new", answer("any new"))
        router.on(.post, "/stock/{place}/{product}", answer("stock"))
        return router
    }()

    private func ask(_ method: HTTPMethod, _ target: String) async throws -> String {
        let response = try await router.handle(HTTPRequest(method, target))
        return response.status == 200 ? String(decoding: response.body, as: UTF8.self) : "\(response.status)"
    }

    @Test(arguments: [
        ("/", "root"), ("/products/4711", "product id=4711"), ("/products/new", "new"),
        ("/orders/new", "any new kind=orders"),
        ("/products/a%20b%2Fc%C3%A4?x=y", "product id=a b/cä"), ("/products/a+b", "product id=a+b"),
        ("/products", "404"),
        ("/products/", "404"), ("/products/1/2", "404"), ("", "404"), ("/Products/1", "404"), ("/stock/a/b", "405"),
        ("//new", "404"),
    ])
    func `A path finds its route, names before parameters`(target: String, answer: String) async throws {
        #expect(try await ask(.get, target) == answer)
    }

    @Test func `Methods are told apart, and a wrong one is told the right ones`() async throws {
        #expect(try await ask(.put, "/products/1") == "change id=1")
        #expect(try await ask(.head, "/products/1") == "product id=1")
        let response = try await router.handle(HTTPRequest(.delete, "/products/1"))
        #expect(response.status == 405)
        #expect(response.fields["allow"] == "GET, HEAD, PUT")
        #expect(try await ask(.put, "/products/new") == "change id=new")
    }

    @Test(arguments: ["/products/%", "/products/%4", "/products/%zz", "/products/%ff"])
    func `A path that can't be decoded is refused`(target: String) async throws {
        let error = await #expect(throws: HTTPRefusal.self) { try await ask(.get, target) }
        #expect(error?.status == 400)
    }

    @Test func `Query parameters are decoded, in their order`() {
        let query = HTTPRequest(.get, "/?a=1&b=x+y%2Bz&a=2&flag&=nameless&c=d=e&bad=%zz&&%C3%A4=%C3%B6").query
        #expect(query["a"] == "1")
        #expect(query.all("a") == ["1", "2"])
        #expect(query["b"] == "x y+z")
        #expect(query["flag"] == "")
        #expect(query[""] == "nameless")
        #expect(query["c"] == "d=e")
        #expect(query["bad"] == "%zz")
        #expect(query["ä"] == "ö")
        #expect(query["none"] == nil)
        #expect(query.map(\.name) == ["a", "b", "a", "flag", "", "c", "bad", "ä"])
        #expect(HTTPRequest(.get, "/").query.map(\.name) == [])
    }

    @Test func `Percent-encoding comes back as it was`() {
        let text = "a-b_c.d~e f/g?h&i=j+k%ä\n"
        #expect(PercentEncoding.encode(text) == "a-b_c.d~e%20f%2Fg%3Fh%26i%3Dj%2Bk%25%C3%A4%0A")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
    }

    @Test func `Fields are found in any case, replaced, added and removed`() {
        var fields: HTTPFields = ["Content-Type": "a", "X": "1"]
        fields.add("x", "2")
        #expect(fields["CONTENT-TYPE"] == "a")
        #expect(fields.all("X") == ["1", "2"])
        fields["x"] = "3"
        #expect(fields.all("X") == ["3"])
        fields["X"] = nil
        #expect(fields.count == 1)
        // ASCII's letters alone have two cases; other characters 32 apart are different.
        #expect(HTTPFields(dictionaryLiteral: ("A[", "1"))["a{"] == nil)
    }

    @Test func `Dates are those of RFC 9110`() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
    }
}
