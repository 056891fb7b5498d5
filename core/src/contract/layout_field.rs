//! What can stand in commands and events, by name.

/// Declares an enum whose variants have a name for people: in configuration files and messages.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $kind:ident {
        $($variant:ident = $name:literal $doc:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $kind {
            $(#[doc = concat!("`", $name, "`: ", $doc, ".")] $variant,)*
        }

        impl $kind {
            /// Everything there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What has this name; names compare case-insensitively.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|this| this.name().eq_ignore_ascii_case(name))
            }
        }
    };
}

named! {
    /// What can stand in the body of a command.
    pub enum Parameter {
        Destination = "destination" "topic for the agent's events",
        Password = "password" "password as it travels",
        Sso = "sso" "the word `SSO`",
        Extension = "extension" "a line",
        DialNumber = "dialNumber" "where a mobile agent is reached",
        MobileMode = "mobileMode" "`true`: call by call, `false`: nailed",
        ReasonCode = "reasonCode" "code of a reason",
        Number = "number" "a number to dial",
        Dialog = "dialog" "id of a call",
        Digits = "digits" "digits to send",
        Variables = "variables" "`name=value|…`",
        WrapUpLabel = "wrapUpLabel" "label of a wrap-up reason",
        Team = "team" "id of a team",
        Follow = "follow" "`true`: changes follow",
        Book = "book" "id of a phone book",
    }
}

named! {
    /// What can stand in an event.
    pub enum Field {
        To = "to" "the agent addressed; in JSON only, a text has it in front",
        Empty = "empty" "nothing, for a place that clients expect and that has no known meaning",
        State = "state" "state of an agent, call or party",
        ReasonCode = "reasonCode" "code of the reason for the state",
        ReasonLabel = "reasonLabel" "label of the reason for the state",
        PendingState = "pendingState" "state that follows the present call",
        StateChanged = "stateChanged" "time of the last change of state",
        FirstName = "firstName" "first name",
        LastName = "lastName" "last name",
        FullName = "fullName" "first and last name",
        Agent = "agent" "login id of whom the event tells",
        OtherAgent = "otherAgent" "as `agent`, but empty when that is the agent addressed",
        Extension = "extension" "line",
        IsSupervisor = "isSupervisor" "whether the agent is a supervisor",
        WrapUpMode = "wrapUpMode" "Finesse's word for wrap-up",
        TeamCount = "teamCount" "how many teams follow",
        Teams = "teams" "list of teams",
        TeamId = "teamId" "the agent's own team, or the id of a team",
        TeamName = "teamName" "name of a team",
        HasCalls = "hasCalls" "whether there are calls",
        CallCount = "callCount" "how many calls there are",
        Address = "address" "caller, consulted number or error text of a call; number of a party",
        Variables = "variables" "call variables",
        Dialog = "dialog" "id of a call",
        CallType = "callType" "type of a call",
        Started = "started" "when a call began or a party came",
        ParticipantCount = "participantCount" "how many parties follow",
        Participants = "participants" "list of parties",
        Device = "device" "`AGENT_DEVICE`, or empty for customers",
        Role = "role" "a word for a party's role",
        Actions = "actions" "what may be done to a call",
        Status = "status" "the word of `ConnectStatus` and of `System`",
        Category = "category" "what reasons are for",
        Codes = "codes" "codes of reasons",
        Labels = "labels" "labels of reasons, in the order of their codes",
        Reasons = "reasons" "reasons, each a code with its label",
        Code = "code" "code of an `Error` or `Control`",
        Text = "text" "text of an `Error` or `Control`",
        Items = "items" "the event's list; in a text one field for each item, so it stands last",
        QueueName = "queueName" "name of a queue",
        AgentsNotReady = "agentsNotReady" "agents of a queue who are not ready",
        AgentsReady = "agentsReady" "agents of a queue who are ready",
        TalkingInbound = "talkingInbound" "agents of a queue on incoming calls",
        TalkingInternal = "talkingInternal" "agents of a queue on internal calls",
        TalkingOutbound = "talkingOutbound" "agents of a queue on outgoing calls",
        WrapUpNotReady = "wrapUpNotReady" "agents in wrap-up, not ready afterwards",
        WrapUpReady = "wrapUpReady" "agents in wrap-up, ready afterwards",
        CallsInQueue = "callsInQueue" "calls that wait",
        LongestCallSince = "longestCallSince" "since when the first of them waits",
        BookName = "bookName" "name of a phone book",
        BookScope = "bookScope" "`GLOBAL` or `TEAM`",
        BookId = "bookId" "id of a phone book",
        Description = "description" "free text of a contact",
        PhoneNumber = "phoneNumber" "number of a contact",
        ContactId = "contactId" "id of a contact",
    }
}

named! {
    /// Things that events hold lists of.
    pub enum Item {
        Participant = "participant" "a party of a call",
        Team = "team" "a team in `AgentInfo`",
        TeamUser = "teamUser" "a member in `TeamUsersList`",
        Queue = "queue" "a queue in `QueueList`",
        Phonebook = "phonebook" "a book in `Phonebooks` and `TeamPhoneBooks`",
        Contact = "contact" "a contact in `PhonebookContacts`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_thing() {
        for &field in Field::ALL {
            assert_eq!(
                Field::named(&field.name().to_ascii_uppercase()),
                Some(field)
            );
        }
        for &parameter in Parameter::ALL {
            assert_eq!(Parameter::named(parameter.name()), Some(parameter));
        }
        for &item in Item::ALL {
            assert_eq!(Item::named(item.name()), Some(item));
        }
        assert_eq!(Field::named("colour"), None);
    }
}
