import Canonical
import Consistency
import Document
import Hub
import Transports

/// What operators ask: why a field holds what it holds, and which copies disagree.
extension Routes {
    func operations(_ router: inout Router) {}
}
