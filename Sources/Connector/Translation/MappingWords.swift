import Mapping

extension MappingError {
    /// What happened and where, without the words of the mapping's author: those of `$error` and `$assert` may quote the
    /// record (I12).
    var withoutWords: String {
        guard ["D3137", "D3141"].contains(code) else { return description }
        return "\(file):\(line):\(column): \(code): the mapping failed the record"
    }
}
