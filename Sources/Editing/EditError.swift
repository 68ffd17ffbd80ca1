/// Why an edit cannot be done; nothing was changed.
package enum EditError: Error, Equatable, CustomStringConvertible {
    case needsObjects(EditOperation, least: Int)
    case needsAnnotations(EditOperation, what: String)
    case unknownObject(Int64)
    case objectOfOtherImage(Int64)
    case outsideImage(EditOperation)
    case tooIntricate(EditOperation, what: String)
    case namedTwice(Int64)
    case nothingLeft(EditOperation)
    case nothingChanges(EditOperation, why: String)
    /// Objects are no longer as the person saw them.
    case changedMeanwhile([Int64])
    case annotationUnfit(EditOperation, why: String)
    case imageNotReadable(name: String, reason: String)
    /// The project is being closed, or nobody waits for the answer.
    case stopped(EditOperation)

    /// Stable, for `problem+json`.
    package var code: String {
        switch self {
        case .needsObjects: "edit.needsObjects"
        case .needsAnnotations: "edit.needsAnnotations"
        case .unknownObject, .objectOfOtherImage: "edit.unknownObject"
        case .outsideImage: "edit.outsideImage"
        case .tooIntricate: "edit.tooIntricate"
        case .namedTwice: "edit.namedTwice"
        case .nothingLeft: "edit.nothingLeft"
        case .nothingChanges: "edit.nothingChanges"
        case .changedMeanwhile: "edit.conflict"
        case .annotationUnfit: "edit.annotationUnfit"
        case .imageNotReadable: "edit.imageNotReadable"
        case .stopped: "edit.stopped"
        }
    }

    package var description: String {
        switch self {
        case .needsObjects(let operation, let least):
            "\(operation.rawValue) needs \(least == 1 ? "an object" : "at least \(least) objects"); select \(least == 1 ? "it" : "them") first"
        case .needsAnnotations(let operation, let what): "\(operation.rawValue) needs \(what)"
        case .unknownObject(let id): "object \(id) is not there any more; it may have been changed in another window, so look again"
        case .objectOfOtherImage(let id): "object \(id) belongs to another image; edit one image at a time"
        case .outsideImage(let operation): "\(operation.rawValue): the shape covers no pixel of the image; draw inside the image"
        case .tooIntricate(let operation, let what): "\(operation.rawValue): \(what); do it in smaller parts"
        case .namedTwice(let id): "object \(id) is named twice in one edit; name it once"
        case .nothingLeft(let operation): "\(operation.rawValue) would leave nothing of the object; delete it instead"
        case .nothingChanges(let operation, let why): "\(operation.rawValue) changes nothing: \(why)"
        case .changedMeanwhile(let ids):
            "\(ids.count == 1 ? "object \(ids[0]) was" : "\(ids.count) objects were") changed meanwhile, so nothing was done; look at the newer state and repeat the edit"
        case .annotationUnfit(let operation, let why): "\(operation.rawValue): \(why)"
        case .imageNotReadable(let name, let reason): "\(name) cannot be read, so its objects cannot be measured again: \(reason)"
        case .stopped(let operation): "\(operation.rawValue) was stopped and nothing was done, because the project is being closed; repeat it when it is open again"
        }
    }
}
