import Document

/// What has to be sent so that a record becomes another one (RFC 7396).
enum MergePatch {
    /// The members of a patch that would change anything.
    ///
    /// - Parameter record: what it is applied to.
    static func difference(_ patch: JSON, from record: JSON) -> JSON {
        guard case .object(let members) = patch else { return patch }
        return .object(
            members.compactMap { member in
                let present = record[member.key]
                switch member.value {
                // Null removes: nothing, where nothing is.
                case .null: return present == nil || present == .null ? nil : member
                case .object:
                    guard let present, present.object != nil else { return member }
                    let difference = difference(member.value, from: present)
                    return difference.object?.isEmpty == true ? nil : JSON.Member(member.key, difference)
                default: return present == member.value ? nil : member
                }
            })
    }
}
