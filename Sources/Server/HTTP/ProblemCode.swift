import HTTPTypes

/// Every reason for which a request can fail. The raw value is the stable `code` of the answer; clients may rely on it.
enum ProblemCode: String, CaseIterable, Sendable {
    // Before any route is looked at.
    case requestMalformed = "request.malformed"
    case requestLineTooLong = "request.lineTooLong"
    case requestHeadTooLarge = "request.headTooLarge"
    case hostNotAllowed = "host.notAllowed"
    case originNotAllowed = "origin.notAllowed"
    case pathInvalid = "path.invalid"
    case routeUnknown = "route.unknown"
    case methodNotAllowed = "method.notAllowed"
    case sessionMissing = "session.missing"
    case sessionTokenInvalid = "session.tokenInvalid"
    // Body and query.
    case bodyInvalid = "body.invalid"
    case bodyTooLarge = "body.tooLarge"
    case bodyType = "body.typeNotSupported"
    case queryInvalid = "query.invalid"
    case valueInvalid = "value.invalid"
    // Projects.
    case projectUnknown = "project.unknown"
    case projectReadOnly = "project.readOnly"
    case projectInUse = "project.inUse"
    case projectNewerVersion = "project.newerVersion"
    case projectCorrupt = "project.corrupt"
    case projectExists = "project.exists"
    case projectClosed = "project.closed"
    case trashUnknown = "trash.unknown"
    // Things in a project.
    case imageUnknown = "image.unknown"
    case imageUnreadable = "image.unreadable"
    case objectUnknown = "object.unknown"
    case categoryUnknown = "category.unknown"
    case labelStepUnknown = "label.stepUnknown"
    case metadataInvalid = "metadata.invalid"
    case metadataStepUnknown = "metadata.stepUnknown"
    case jobUnknown = "job.unknown"
    case jobTypeUnknown = "job.typeUnknown"
    case jobState = "job.wrongState"
    case tileUnknown = "tile.unknown"
    case graphInvalid = "graph.invalid"
    case patternInvalid = "pattern.invalid"
    case editInvalid = "edit.invalid"
    case nothingToUndo = "edit.nothingToUndo"
    case nothingToRedo = "edit.nothingToRedo"
    case editConflict = "edit.conflict"
    case editUnknown = "edit.unknown"
    case uploadUnknown = "upload.unknown"
    case uploadOffset = "upload.wrongOffset"
    case uploadChecksum = "upload.checksum"
    case uploadVersion = "upload.version"
    case exportUnknown = "export.unknown"
    case exportFormat = "export.formatUnknown"
    case folderUnknown = "folder.unknown"
    case fileMissing = "file.missing"
    case rangeInvalid = "range.invalid"
    case iiifInvalid = "iiif.invalid"
    case iiifUnsupported = "iiif.unsupported"
    // The machine.
    case notFound = "notFound"
    case conflict = "conflict"
    case diskFull = "disk.full"
    case diskError = "disk.error"
    case stopping = "server.stopping"
    case internalError = "server.error"

    var status: HTTPResponse.Status {
        switch self {
        case .requestMalformed, .pathInvalid, .bodyInvalid, .queryInvalid, .iiifInvalid: .badRequest
        case .iiifUnsupported: .notImplemented
        case .requestLineTooLong: .uriTooLong
        case .requestHeadTooLarge: .requestHeaderFieldsTooLarge
        case .hostNotAllowed: .misdirectedRequest
        case .originNotAllowed, .projectReadOnly: .forbidden
        case .sessionMissing, .sessionTokenInvalid: .unauthorized
        case .routeUnknown, .projectUnknown, .trashUnknown, .imageUnknown, .objectUnknown, .categoryUnknown, .labelStepUnknown, .metadataStepUnknown,
            .editUnknown, .jobUnknown, .tileUnknown, .uploadUnknown, .exportUnknown, .notFound, .fileMissing:
            .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .bodyTooLarge: .contentTooLarge
        case .bodyType: .unsupportedMediaType
        case .projectInUse, .projectNewerVersion, .projectExists, .jobState, .nothingToUndo, .nothingToRedo, .editConflict, .uploadOffset,
            .conflict:
            .conflict
        case .valueInvalid, .metadataInvalid, .imageUnreadable, .graphInvalid, .patternInvalid, .editInvalid, .jobTypeUnknown, .exportFormat, .folderUnknown:
            .unprocessableContent
        case .uploadChecksum: HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
        case .uploadVersion: .preconditionFailed
        case .rangeInvalid: .rangeNotSatisfiable
        case .diskFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        case .projectCorrupt, .diskError, .internalError: .internalServerError
        case .projectClosed, .stopping: .serviceUnavailable
        }
    }

    /// Short and always the same; the sentence that says what to do is the problem's `detail`.
    var title: String {
        switch self {
        case .requestMalformed: "The request is not valid HTTP for this server"
        case .requestLineTooLong: "The address is too long"
        case .requestHeadTooLarge: "The headers are too large"
        case .hostNotAllowed: "This server does not answer under that host name"
        case .originNotAllowed: "The request comes from another web page"
        case .pathInvalid: "The path holds something it must not"
        case .routeUnknown: "There is nothing at this address"
        case .methodNotAllowed: "This address does not take that method"
        case .sessionMissing: "Not signed in"
        case .sessionTokenInvalid: "The start token is not valid"
        case .bodyInvalid: "The body cannot be read"
        case .bodyTooLarge: "The body is too large"
        case .bodyType: "The body has the wrong content type"
        case .queryInvalid: "A query value cannot be read"
        case .valueInvalid: "A value is not possible"
        case .projectUnknown: "There is no such project"
        case .projectReadOnly: "The project is read-only"
        case .projectInUse: "The project is open elsewhere"
        case .projectNewerVersion: "The project was written by a newer ship"
        case .projectCorrupt: "The project is damaged"
        case .projectExists: "There is a project of that name"
        case .projectClosed: "The project was closed"
        case .trashUnknown: "There is nothing of that name in the trash"
        case .imageUnknown: "There is no such image"
        case .imageUnreadable: "The image cannot be read"
        case .objectUnknown: "There is no such object"
        case .categoryUnknown: "There is no such category"
        case .labelStepUnknown: "There is no such step of labelling"
        case .metadataInvalid: "A value does not fit its column"
        case .metadataStepUnknown: "There is no such step of changes"
        case .jobUnknown: "There is no such job"
        case .jobTypeUnknown: "There is no such kind of job"
        case .jobState: "The job is not in a state for that"
        case .tileUnknown: "There is no such tile"
        case .graphInvalid: "The pipeline cannot run like this"
        case .patternInvalid: "The file-name pattern cannot be read"
        case .editInvalid: "The edit cannot be done"
        case .nothingToUndo: "There is nothing to undo"
        case .nothingToRedo: "There is nothing to redo"
        case .editConflict: "The image has changed meanwhile"
        case .editUnknown: "There is no such edit"
        case .uploadUnknown: "There is no such upload"
        case .uploadOffset: "The upload stands at another offset"
        case .uploadChecksum: "The bytes arrived damaged"
        case .uploadVersion: "Another version of the upload protocol"
        case .exportUnknown: "There is no such export"
        case .exportFormat: "There is no such export format"
        case .folderUnknown: "There is no such folder"
        case .fileMissing: "The file is not there"
        case .rangeInvalid: "The range lies outside the file"
        case .iiifInvalid: "The image request cannot be read"
        case .iiifUnsupported: "The image request asks for something this server does not do"
        case .notFound: "Not found"
        case .conflict: "Not possible in the present state"
        case .diskFull: "The disk is full"
        case .diskError: "The disk reports an error"
        case .stopping: "The server is stopping"
        case .internalError: "Something went wrong in ship"
        }
    }

    /// What any route may answer, so that single routes need not list it.
    static let common: [ProblemCode] = [
        .requestMalformed, .requestLineTooLong, .requestHeadTooLarge, .hostNotAllowed, .originNotAllowed, .pathInvalid, .routeUnknown, .methodNotAllowed, .diskError, .internalError,
        .stopping,
    ]
    static let session: [ProblemCode] = [.sessionMissing]
    static let jsonBody: [ProblemCode] = [.bodyInvalid, .bodyTooLarge, .bodyType]
    /// What any route below a project may answer.
    static let project: [ProblemCode] = [
        .projectUnknown, .projectInUse, .projectNewerVersion, .projectCorrupt, .projectClosed, .fileMissing, .notFound,
    ]
    /// What any route that changes a project may answer besides.
    static let change: [ProblemCode] = [.projectReadOnly, .diskFull, .valueInvalid, .conflict]
}
