// Words of the protocol, for people.

export const STATES = {
  calling: "Connecting with the flat …",
  announcing: "The flat hears the announcement …",
  ringing: "It rings in the flat. Somebody there has to press the button (up to 45 s).",
  connected: "Connected. Speak now.",
  held: "On hold: the flat hears nothing, its microphone is closed.",
  ending: "Ending …",
  ended: "Speech has ended.",
};

export const REASONS = {
  clear_down: "ended at the desk", taken_over: "somebody else has taken over", priority: "something more urgent came",
  dead: "the desk was not heard in the flat", max_length: "the longest time is over", media_lost: "the sound did not get through",
  call_over: "the call is cleared", flat: "hung up in the flat", reset: "the unit has started anew", no_such_session: "the unit does not know it",
  busy: "the flat is speaking with somebody else", stale_turn: "somebody else was faster", privacy: "the privacy switch is on",
  no_answer: "nobody answered in the flat", no_such_call: "the unit does not know the call", not_received: "the call has no receipt yet",
  not_answered: "answer the call first", no_codec: "no common way of sound", crypto: "no common key", field: "the address is not usable",
  media: "the flat could not open its line",
};

export const OPENED_FOR = {
  alarm: "alarm call", intercom_auto: "intercom, answered automatically", intercom_pressed: "intercom, pressed in the flat",
  welfare_auto: "welfare call, answered automatically", welfare_pressed: "welfare call, pressed in the flat", door_pressed: "door, pressed in the flat",
};
