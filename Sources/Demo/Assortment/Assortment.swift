/// The assortment on the first day: furniture, some of it in several systems under several names.
public enum Assortment {
    /// The sofa the shop's page shows.
    public static let blueSofa = all[0]
    /// Its green sister: one piece, in the store, and the shop's page has never heard of it.
    public static let greenSofa = all[1]

    /// All articles.
    public static let all: [Article] = [
        Article(
            1, "Sofa \"Aurora\", three-seater, blue", "Three seats, cover \"Wolle\", washable – made in Tampere",
            cost: "420.00", recommended: "949.00", price: "899.00", shop: "Aurora sofa, midnight blue",
            store: 3, importer: 12),
        Article(
            2, "Sofa \"Aurora\", three-seater, green", "Three seats, cover \"Wolle\", washable – made in Tampere",
            cost: "420.00", recommended: "949.00", price: "899.00", store: 1, importer: 0),
        Article(
            3, "Armchair \"Aurora\", blue", "Matches the sofa; cover \"Wolle\"", cost: "185.00", recommended: "399.00",
            price: "379.00", shop: "Aurora armchair, midnight blue", store: 4, wholesaler: 6, importer: 20),
        Article(
            4, "Coffee table \"Saari\", oak", "Solid oak, oiled; Ø 80 cm", cost: "96.50", recommended: "229.00",
            price: "219.90", shop: "Saari coffee table", store: 5, wholesaler: 14, importer: 30),
        Article(
            5, "Dining table \"Laituri\", birch, 180 × 90 cm", "For six; extends to 240 cm", cost: "310.00",
            recommended: "699.00", price: "679.00", store: 2, importer: 8),
        Article(
            6, "Chair \"Kivi\", black, set of 2", "Stackable; seat height 45 cm", cost: "48.20", recommended: "119.00",
            price: "109.90", shop: "Kivi chairs (2)", store: 16, wholesaler: 60, importer: 120),
        Article(
            7, "Bookshelf \"Metsä\", five shelves", "Ash veneer; 80 × 190 cm", cost: "72.00", recommended: "179.00",
            price: "169.00", store: 6, importer: 25),
        Article(
            8, "Floor lamp \"Kuu\", brass", "Dimmable, 150 cm; bulb not included", cost: "39.90",
            recommended: "99.00", price: "89.90", shop: "Kuu floor lamp", store: 9, wholesaler: 40, importer: 75),
        Article(
            9, "Table lamp \"Tähti\", opal glass", "Mouth-blown glass, Ø 20 cm", cost: "22.40", recommended: "59.00",
            price: "54.95", store: 7, wholesaler: 35, importer: 80),
        Article(
            10, "Rug \"Ranta\", wool, 160 × 230 cm", "Hand-woven; 100 % wool", cost: "98.00", recommended: "259.00",
            price: "249.99", shop: "Ranta wool rug", store: 3, wholesaler: 12, importer: 18),
        Article(
            11, "Cushion \"Lumi\", white, 50 × 50 cm", "Cover of linen; filling of down", cost: "7.10",
            recommended: "24.90", price: "19.99", shop: "Lumi cushion", store: 48, wholesaler: 200, importer: 600),
        Article(
            12, "Throw \"Usva\", merino wool", "130 × 180 cm; \"soft as fog\"", cost: "28.30", recommended: "79.00",
            price: "69.90", shop: "Usva throw", store: 12, wholesaler: 55, importer: 140),
        Article(
            13, "Mirror \"Järvi\", Ø 80 cm", "Frame of steel, 4 mm glass", cost: "41.00", recommended: "119.00",
            price: "99.00", store: 4, importer: 22),
        Article(
            14, "Bedside table \"Pikku\", walnut", "One drawer; 40 × 35 cm", cost: "36.60", recommended: "99.00",
            price: "94.90", importer: 34),
        Article(
            15, "Bed frame \"Uni\", 160 × 200 cm", "Slats included; pine, white", cost: "148.00",
            recommended: "349.00", price: "329.00", wholesaler: 9, importer: 16),
        Article(
            16, "Candle holder \"Liekki\", three arms", "Cast iron; 31 cm * height without candles!", cost: "11.90",
            recommended: "34.90", price: "32.50", wholesaler: 70, importer: 210),
    ]
}
