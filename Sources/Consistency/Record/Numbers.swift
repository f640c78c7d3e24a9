import Canonical

// A system's own numbers for an entity: mostly one, but two articles may bear the same GTIN. Kept one a line.

extension RecordState {
    func numbers(ofColumn index: Int) -> [String] {
        buffer(columns[index].selfID).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Keeps a number, and tells whose it is.
    mutating func addNumber(_ number: String?, _ place: Place, _ effects: inout Effects) {
        guard let number, !number.isEmpty, !equals(columns[place.column].selfID, number) else { return }
        let numbers = numbers(ofColumn: place.column)
        guard !numbers.contains(where: { $0.isExactly(number) }) else { return }
        keep(numbers + [number], place)
        effects.add(
            .reference(entity: place.context.name, reference(number, ofColumn: place.column, place), key: place.key))
    }

    /// Forgets a number if there is another one besides; answers whether there was.
    mutating func removeNumber(_ number: String?, _ place: Place, _ effects: inout Effects) -> Bool {
        let numbers = numbers(ofColumn: place.column)
        guard let number, numbers.count > 1, numbers.contains(where: { $0.isExactly(number) }) else { return false }
        keep(numbers.filter { !$0.isExactly(number) }, place)
        effects.add(.reference(entity: place.context.name, reference(number, ofColumn: place.column, place), key: nil))
        return true
    }

    /// Forgets all numbers: the copy is gone.
    mutating func removeNumbers(_ place: Place, _ effects: inout Effects) {
        for number in numbers(ofColumn: place.column) {
            effects.add(
                .reference(entity: place.context.name, reference(number, ofColumn: place.column, place), key: nil))
        }
        if !columns[place.column].selfID.isEmpty { keep([], place) }
    }

    private mutating func keep(_ numbers: [String], _ place: Place) {
        let text = append(numbers.joined(separator: "\n"))
        columns[place.column].selfID = text
        modified = true
        hasOtherNames = true
    }

    private func reference(_ number: String, ofColumn index: Int, _ place: Place) -> Reference {
        // A member's number is part of its column's name.
        if place.context.merge.ofMembers, let member = Reference(key: name(ofColumn: index)) { return member }
        return Reference(system: name(ofColumn: index), id: number)
    }
}
