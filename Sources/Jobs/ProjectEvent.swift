import Store

/// Something that open pages want to know about.
package enum ProjectEvent: Sendable {
    case job(JobRecord, secondsLeft: Double?, nodes: [NodeTally] = [])
    /// The objects of an image changed; `revision` is part of overlay addresses.
    case objects(image: ObjectID, revision: Int64)
    /// Images came, went or changed their state.
    case images([ObjectID])
}
