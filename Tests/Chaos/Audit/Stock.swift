import Demo
import Document

extension Auditor {
    /// On hand is the last count and what moved after it, in the order in which the till committed them.
    func ledger() -> Check {
        var check = Check("on hand is the last count and every movement after it, once")
        var onHand: [String: Int] = [:]
        for entry in till {
            switch entry.kind {
            case .count: onHand[entry.key] = entry.quantity
            case .sale: onHand[entry.key, default: 0] -= entry.quantity
            }
        }
        let golden = topics.latest("stock")
        for article in day.articles {
            let held = golden[article.key]?.value?["onHand"]?.integer
            let expected = onHand[article.key] ?? 0
            check.look(held == expected, "\(article.key): \(held.map(String.init) ?? "nothing") instead of \(expected)")
        }
        return check
    }

    /// Each reservation's states, in the order in which they were decided.
    private var histories: [String: [String]] {
        var histories: [String: [String]] = [:]
        for seen in topics["reservation"] {
            guard let state = seen.value?["state"]?.string else { continue }
            histories[seen.key, default: []].append(state)
        }
        return histories
    }

    /// Every request that has come to the hub is decided, once, and stays decided.
    func decisions() -> Check {
        var check = Check("every request is decided once")
        let histories = histories
        var asked: Set<String> = []
        for seen in topics["in.stock"] where seen.type == "omni.hold.requested" {
            asked.insert(seen.value?["reservation"]?.string ?? "")
        }
        for id in asked {
            check.looked += 1
            guard let states = histories[id], let first = states.first else {
                check.lost.append("\(id): asked for, and not decided")
                continue
            }
            switch first {
            case "confirmed": if states.contains("refused") { check.twice.append("\(id): \(states)") }
            case "refused": if Set(states) != ["refused"] { check.twice.append("\(id): \(states)") }
            default: check.wrong.append("\(id) begins with \(first): \(states)")
            }
        }
        for id in histories.keys where !asked.contains(id) {
            check.wrong.append("\(id): decided, and not asked for")
        }
        return check
    }

    /// What somebody was told is what was decided; what was promised to be asked for was.
    func promises() -> Check {
        var check = Check("what was promised and told is what was decided")
        let histories = histories
        for request in journal.requests.values where request.isPromised {
            check.looked += 1
            guard let states = histories[request.id] else {
                check.lost.append("\(request.id): promised by the \(request.by), and not decided")
                continue
            }
            if let told = request.told, !states.contains(told) {
                check.wrong.append("\(request.id): told \(told), decided \(states)")
            }
        }
        return check
    }

    /// At no moment is more promised than there is: what is reserved grows only within what is on hand (I5). And of
    /// goods that only reservations take, no more than there were.
    func prefixes() -> Check {
        var check = Check("never more promised than there is")
        var before: [String: Int] = [:]
        for seen in topics["stock"] {
            guard let reserved = seen.value?["reserved"]?.integer else { continue }
            let onHand = seen.value?["onHand"]?.integer ?? 0
            check.look(
                reserved <= (before[seen.key] ?? 0) || reserved <= onHand,
                "\(seen.key) \(seen.place): \(reserved) reserved of \(onHand)")
            before[seen.key] = reserved
        }
        var taken: [String: Int] = [:]
        for seen in topics.latest("reservation").values {
            guard ["confirmed", "short", "fulfilled"].contains(seen.value?["state"]?.string) else { continue }
            let key = "\(seen.value?["product"]?.string ?? "")@\(seen.value?["place"]?.string ?? "")"
            taken[key, default: 0] += seen.value?["quantity"]?.integer ?? 0
        }
        for article in day.articles(.scarce) {
            let count = taken[article.key] ?? 0
            check.look(count <= article.pieces, "\(article.key): \(count) given away of \(article.pieces)")
        }
        return check
    }
}
