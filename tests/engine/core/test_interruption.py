from __future__ import annotations

import pytest

from engine.core.interruption import Verdict, Words, has_phrase, is_backchannel, judge
from engine.effects import CloseStretch, HangUp, PauseSpeech, ResumeSpeech, Say, StopSpeech
from engine.events import KeyPressed, TextReceived, ToolReturned
from engine.machine.compiled import InterruptionPolicy, ListenPolicy

STORY = "Once upon a time there was a very long answer that nobody wanted to hear to its end."
POLICY = InterruptionPolicy(
    phrases=("stop", "hold on"), ignore=("uh-huh", "okay", "i see"), min_confidence=0.3
)


def verdict(text, policy=POLICY, *, final=True, voiced=0, paused=False, expected=False, **more):
    words = Words(text=text, final=final, **more)
    return judge(words, policy, expected=expected, voiced=voiced, paused=paused)


def speaking(call, *lines, **policy):
    """The agent speaks its first line from 1 s on, for 10 s."""
    call.open(*(lines or (STORY,)), **policy)
    call.plays(1_000, "a1.1", 10_000)


def turns_of(call):
    return [told[2] for told in call.dialog.told if told[0] == "user_turn"]


def sound(call):
    return [(at, type(e).__name__) for at, e in call.effects(PauseSpeech, ResumeSpeech, StopSpeech)]


# --- the table of words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["okay", "Okay, uh-huh.", "I see, okay", "uh", "um okay", "Hmm..."]
)
def test_back_channel_is_nothing_but_ignored_words_and_hesitation(text):
    assert is_backchannel(text, POLICY, expected=False)


@pytest.mark.parametrize("text", ["okay stop", "i", "see i", "huh", "no"])
def test_anything_else_is_not(text):
    assert not is_backchannel(text, POLICY, expected=False)


def test_words_of_an_answer_are_never_back_channel_while_a_yes_no_question_is_open():
    assert not is_backchannel("okay", POLICY, expected=True)
    assert is_backchannel("uh", POLICY, expected=True)


def test_a_phrase_is_found_as_whole_words_only():
    assert has_phrase("please hold on a second", POLICY)
    assert not has_phrase("the bus stops here, hold it on", POLICY)


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        (Verdict.GO_ON, {"text": ""}),
        (Verdict.GO_ON, {"text": "okay", "final": False}),
        (Verdict.BACKCHANNEL, {"text": "okay"}),
        (Verdict.BACKCHANNEL, {"text": "okay", "paused": True}),
        (Verdict.KEEP, {"text": "okay", "policy": InterruptionPolicy()}),
        (Verdict.CUT, {"text": "okay", "expected": True}),
        (Verdict.GO_ON, {"text": "no", "final": False, "expected": True}),
        (Verdict.KEEP, {"text": "no"}),
        (Verdict.GO_ON, {"text": "no", "final": False}),
        (Verdict.CUT, {"text": "no", "paused": True, "final": False}),
        (Verdict.CUT, {"text": "no wait", "final": False}),
        (Verdict.CUT, {"text": "stop", "final": False}),
        (Verdict.CUT, {"text": "no", "voiced": 500}),
        # what the recogniser does not trust
        (Verdict.DISCARD, {"text": "no wait", "accepted": False}),
        (Verdict.GO_ON, {"text": "no wait", "accepted": False, "final": False}),
        (Verdict.CUT, {"text": "no wait", "accepted": False, "paused": True}),
        (Verdict.DISCARD, {"text": "no", "accepted": False, "paused": True}),
        (Verdict.DISCARD, {"text": "no wait", "confidence": 0.2}),
        # modes
        (Verdict.KEEP, {"text": "no wait stop", "policy": InterruptionPolicy(mode="vad")}),
        (Verdict.CUT, {"text": "no", "voiced": 500, "policy": InterruptionPolicy(mode="vad")}),
        (Verdict.KEEP, {"text": "no", "voiced": 900, "policy": InterruptionPolicy(mode="stt")}),
        # protected
        (Verdict.KEEP, {"text": "stop", "policy": InterruptionPolicy(allow=False)}),
        (Verdict.GO_ON, {"text": "x", "final": False, "policy": InterruptionPolicy(allow=False)}),
        (
            Verdict.DISCARD,
            {"text": "stop", "policy": InterruptionPolicy(allow=False, blocked="discard")},
        ),
    ],
)
def test_the_verdict_is_that_of_the_table(expected, arguments):
    assert verdict(**arguments) is expected


# --- over a line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["stt", "hybrid"])
def test_enough_words_cut_the_line_at_the_partial(call, mode):
    speaking(call, mode=mode)
    call.voice(2_000)
    call.words(2_300, "wait a", final=False)
    call.played(2_320, "a1.1", 1_300, complete=False)
    call.words(3_000, "wait a moment")
    call.silent(2_800)
    call.until(9_000)

    assert sound(call) == [(2_300, "StopSpeech")]
    assert (2_300, "LISTENING") in call.moves("agent")
    assert turns_of(call) == ["wait a moment"]
    assert call.history()[:2] == [("assistant", "Once upon"), ("user", "wait a moment")]


def test_in_mode_stt_voice_alone_does_nothing(call):
    speaking(call, mode="stt")
    call.voice(2_000)
    call.silent(5_000)
    call.until(7_000)

    assert sound(call) == []
    assert call.agent == "SPEAKING"


def test_voice_pauses_at_once_when_the_edge_lies_long_enough_back(call):
    """With `min_time` at most the detector's delay the agent is silent when it is told."""
    speaking(call, min_time=60)
    call.voice(2_000, at=2_060)

    assert sound(call) == [(2_060, "PauseSpeech")]
    assert call.agent == "SPEAKING"
    assert call.conversation.states.paused


def test_words_in_the_pause_make_the_interruption_real(call):
    speaking(call, min_time=60)
    call.voice(2_000, at=2_060)
    call.words(2_400, "no", final=False)
    call.words(3_000, "no")
    call.silent(2_500, at=2_700)
    call.until(9_000)

    assert sound(call) == [(2_060, "PauseSpeech"), (2_400, "StopSpeech"), (2_400, "ResumeSpeech")]
    assert turns_of(call) == ["no"]
    assert not call.conversation.states.paused


def test_only_back_channel_in_the_pause_goes_on_at_once(call):
    speaking(call, min_time=60, ignore=("okay",))
    call.voice(2_000, at=2_060)
    call.silent(2_300, at=2_500)
    call.words(2_550, "okay")
    call.until(9_000)

    assert sound(call) == [(2_060, "PauseSpeech"), (2_550, "ResumeSpeech")]
    assert call.notes("backchannel") == [(2_550, {"turn": "u1", "text": "okay"})]
    assert turns_of(call) == []


def test_a_back_channel_is_not_glued_to_the_next_turn(call):
    speaking(call, ignore=("yeah",))
    call.says(2_000, 2_300, "yeah")
    call.says(5_000, 6_000, "actually make it five")
    call.until(9_000)

    assert turns_of(call) == ["actually make it five"]


def test_back_channel_that_lasts_does_not_pause_again(call):
    speaking(call, min_time=60, ignore=("okay",))
    call.voice(2_000, at=2_060)
    call.words(2_400, "okay")
    call.until(3_000)

    assert sound(call) == [(2_060, "PauseSpeech"), (2_400, "ResumeSpeech")]


def test_voice_shorter_than_min_time_goes_on_as_soon_as_that_is_known(call):
    """The end of voice is noticed late: the pause was for nothing, and need not last."""
    speaking(call, min_time=500)
    call.voice(2_000)
    call.silent(2_300, at=2_800)
    call.until(9_000)

    assert sound(call) == [(2_500, "PauseSpeech"), (2_800, "ResumeSpeech")]


def test_voice_again_in_the_pause_extends_it(call):
    speaking(call, min_time=60)
    call.voice(2_000, at=2_060)
    call.silent(2_500, at=2_700)
    call.voice(3_000, at=3_060)
    call.silent(3_500, at=3_700)
    call.until(9_000)

    assert sound(call) == [(2_060, "PauseSpeech"), (5_700, "ResumeSpeech")]


def test_held_audio_goes_on_when_the_words_that_held_it_are_not_trusted(call):
    """Without voice activity only the words could have ended the pause."""
    speaking(call, min_time=60)
    call.words(2_000, "no", final=False, accepted=False)
    call.until(2_100)
    assert call.conversation.states.paused
    call.words(2_500, "no", accepted=False)

    assert sound(call) == [(2_060, "PauseSpeech"), (2_500, "ResumeSpeech")]


def test_a_noise_that_does_not_end_holds_the_line_for_some_seconds_only(call):
    """The recogniser is asked for words; there are none, and this noise counts no more."""
    speaking(call)
    call.voice(2_000)
    call.until(7_500)
    assert call.effects(CloseStretch) == [(7_500, CloseStretch())]
    call.words(7_700, "")
    call.until(20_000)

    assert sound(call) == [(2_500, "PauseSpeech"), (9_500, "ResumeSpeech")]


def test_words_the_recogniser_was_asked_for_make_the_interruption_real(call):
    """It tells nothing before the end of a stretch, so the stretch is closed for it."""
    speaking(call)
    call.voice(2_000)
    call.until(7_500)
    call.words(7_800, "no wait I wanted to say")
    call.until(8_000)
    assert call.agent == "LISTENING"
    call.words(9_400, "something else")
    call.silent(9_000)
    call.until(12_000)

    assert sound(call) == [
        (2_500, "PauseSpeech"),
        (7_800, "StopSpeech"),
        (7_800, "ResumeSpeech"),
    ]
    assert turns_of(call) == ["no wait I wanted to say something else"]


def test_a_voice_after_the_noise_counts_again(call):
    speaking(call)
    call.voice(2_000)
    call.until(9_500)
    call.silent(9_600)
    call.voice(10_200)
    call.until(10_900)

    assert sound(call)[2:] == [(10_700, "PauseSpeech")]


def test_where_nothing_may_be_resumed_voice_cuts_the_line(call):
    speaking(call, min_time=300, false_alarm_resume=False)
    call.voice(2_000)
    call.until(2_300)

    assert sound(call) == [(2_300, "StopSpeech")]
    assert call.agent == "LISTENING"


def test_a_voice_the_detector_doubts_does_not_count(call):
    speaking(call, min_time=60, min_confidence=0.6)
    call.voice(2_000, at=2_060, confidence=0.4)
    call.until(4_000)

    assert sound(call) == []


def test_voice_with_words_cuts_instead_of_pausing(call):
    """Words too few to interrupt by themselves, from somebody who goes on speaking."""
    speaking(call, min_time=500)
    call.voice(2_000)
    call.words(2_300, "well", final=False)
    call.until(2_500)

    assert sound(call) == [(2_500, "StopSpeech")]


def test_voice_after_words_that_were_kept_cuts(call):
    speaking(call, min_time=900)
    call.says(2_000, 2_300, "no")
    call.voice(4_000)
    call.until(4_900)

    assert sound(call) == [(4_900, "StopSpeech")]


def test_a_short_word_is_kept_and_answered_after_the_line(call):
    speaking(call, mode="stt")
    call.says(2_000, 2_300, "no")
    call.until(10_900)
    assert turns_of(call) == []
    call.played(11_000, "a1.1", 10_000)

    assert turns_of(call) == ["no"]
    assert call.notes("blocked") == [(2_500, {"turn": "u1", "text": "no", "action": "keep"})]
    assert call.effects(Say)[-1][0] == 11_000


def test_a_short_word_does_not_cut_the_line_behind(call):
    """It may not interrupt, so it waits for the end of the queue."""
    speaking(call, STORY, "For how many people?", mode="stt")
    call.says(2_000, 2_300, "four")
    call.played(11_000, "a1.1", 10_000)
    assert sound(call) == []
    call.plays(11_020, "a1.2", 1_500)
    call.played(12_520, "a1.2", 1_500)

    assert turns_of(call) == ["four"]


def test_an_expected_word_counts_while_a_yes_no_question_is_open(call):
    speaking(call, min_time=900)
    call.dialog.yes_no_open = True
    call.says(2_000, 2_300, "yes")
    call.until(9_000)

    assert sound(call)[0] == (2_500, "StopSpeech")
    assert turns_of(call) == ["yes"]


def test_the_fade_is_the_policys(call):
    speaking(call, fade=80)
    call.words(2_000, "stop it now")

    assert call.effects(StopSpeech) == [(2_000, StopSpeech(utterances=("a1.1",), fade=80))]


# --- protected lines ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["voice", "words", "text", "key"])
def test_nothing_cuts_a_protected_line(call, how):
    speaking(call, allow=False)
    call.voice(2_000)
    if how == "words":
        call.words(2_500, "stop stop stop")
    elif how == "text":
        call.take(TextReceived(at=2_500, participant="caller", text="stop"))
    elif how == "key":
        call.take(KeyPressed(at=2_500, participant="caller", key="1"))
    call.until(9_000)

    assert sound(call) == []
    assert call.agent == "SPEAKING"


def test_words_over_a_protected_line_are_forgotten_where_the_policy_says_so(call):
    speaking(call, allow=False, blocked="discard")
    call.says(2_000, 3_000, "hello hello")
    call.played(11_000, "a1.1", 10_000)
    call.until(12_000)

    assert turns_of(call) == []
    assert call.notes("blocked")[0][1]["action"] == "discard"


def test_who_still_speaks_when_a_protected_line_ends_pauses_the_next(call):
    call.open()
    call.dialog.say("This call is recorded.", allow=False)
    call.dialog.say(STORY)
    call.plays(1_000, "a1.1", 3_000)
    call.voice(3_000)
    call.played(4_000, "a1.1", 3_000)

    assert sound(call) == [(4_000, "PauseSpeech")]
    assert call.agent == "SPEAKING"


def test_a_protected_line_behind_a_cut_one_is_still_played(call):
    call.open()
    call.dialog.say(STORY)
    call.dialog.say("This call is recorded.", allow=False)
    call.plays(1_000, "a1.1", 9_000)
    call.says(2_000, 3_000, "stop please stop")
    call.played(3_100, "a1.1", 2_000, complete=False)
    call.plays(3_200, "a1.2", 2_000)
    call.until(5_000)
    assert turns_of(call) == []
    call.played(5_200, "a1.2", 2_000)

    assert sound(call)[0][1] == "PauseSpeech"
    assert call.effects(StopSpeech)[0][1] == StopSpeech(utterances=("a1.1",))
    assert turns_of(call) == ["stop please stop"]


# --- before the reply is audible ------------------------------------------------------------------


def test_a_word_before_the_reply_is_audible_takes_it_back(call):
    call.open(STORY)
    call.words(200, "wait", final=False)
    call.words(600, "wait")
    call.until(5_000)

    assert sound(call) == [(200, "StopSpeech")]
    assert call.moves("agent")[:3] == [(0, "IDLE"), (0, "THINKING"), (200, "LISTENING")]
    assert turns_of(call) == ["wait"]
    assert ("assistant", STORY) not in call.history()


def test_the_thinking_profile_holds_until_the_reply_is_audible(call):
    call.open(STORY, thinking=InterruptionPolicy(allow=False))
    call.words(200, "wait please now")
    call.plays(1_000, "a1.1", 2_000)
    assert sound(call) == []
    call.played(3_000, "a1.1", 2_000)

    assert turns_of(call) == ["wait please now"]


def working(call, **thinking):
    """The agent works on an answer from 1 s on: a tool is called, no line is ordered."""
    profile = InterruptionPolicy(**thinking) if thinking else None
    call.open(**({"thinking": profile} if profile else {"allow": False}))
    call.take(TextReceived(at=1_000, participant="caller", text="look it up"))
    call.says(2_000, 3_000, "are you there")
    call.until(4_000)


def test_an_answer_that_is_worked_on_is_protected_where_its_profile_says_so(call):
    """The words are kept, and answered after the line that comes of the work."""
    working(call, allow=False)
    assert call.agent == "THINKING"
    assert call.notes("blocked")[0][1] == {"turn": "u2", "text": "are you there", "action": "keep"}
    call.take(ToolReturned(at=5_000, call="t1", value=1))
    call.plays(5_200, "a1.1", 1_000)
    assert turns_of(call) == ["look it up"]
    call.played(6_200, "a1.1", 1_000)

    assert turns_of(call) == ["look it up", "are you there"]


def test_words_are_forgotten_meanwhile_where_it_says_that(call):
    working(call, allow=False, blocked="discard")
    call.take(ToolReturned(at=5_000, call="t1", value=1))
    call.plays(5_200, "a1.1", 1_000)
    call.played(6_200, "a1.1", 1_000)
    call.until(8_000)

    assert turns_of(call) == ["look it up"]


def test_words_kept_while_nothing_came_of_the_work_are_answered_then(call):
    working(call, allow=False)
    call.dialog.tool_line = ()
    call.take(ToolReturned(at=5_000, call="t1", value=1))
    call.until(6_000)

    assert turns_of(call) == ["look it up", "are you there"]


def test_who_protects_only_lines_is_not_deaf_while_a_tool_works(call):
    working(call)

    assert turns_of(call) == ["look it up", "are you there"]


def test_voice_holds_a_reply_before_it_is_audible_and_lets_it_go(call):
    call.open(STORY, min_time=60)
    call.voice(100, at=160)
    assert (call.agent, call.conversation.states.paused) == ("THINKING", True)
    call.silent(400, at=600)
    call.until(2_600)

    assert sound(call) == [(160, "PauseSpeech"), (2_600, "ResumeSpeech")]
    assert call.conversation.next_deadline == 12_600


# --- while a tool works ---------------------------------------------------------------------------


def test_the_caller_is_answered_while_a_tool_works_and_gets_its_result_when_the_floor_is_free(call):
    """A tool of 20 s; "are you there?" at 5-6 s; its result while the caller speaks again."""
    call.open()
    call.take(TextReceived(at=1_000, participant="caller", text="look it up"))
    assert call.agent == "THINKING"
    call.says(5_000, 6_000, "are you there")
    assert call.effects(Say)[-1][0] == 6_500
    call.plays(6_700, "a1.1", 1_000)
    call.played(7_700, "a1.1", 1_000)
    assert call.agent == "THINKING"
    call.voice(20_500)
    call.take(ToolReturned(at=21_000, call="t1", value=1))
    assert call.agent == "LISTENING"
    assert call.effects(Say)[-1][0] == 6_500
    call.words(21_700, "hello")
    call.silent(21_500)

    assert [e.text for at, e in call.effects(Say) if at == 22_000] == [
        "Here is the result.",
        "All right.",
    ]


def test_a_question_that_was_held_back_is_stale_after_a_turn(call):
    call.open()
    call.voice(1_000)
    call.dialog.say("For which day?", purpose="question")
    call.dialog.say("One moment.", purpose="filler")
    call.words(2_200, "tomorrow")
    call.silent(2_000)
    call.until(3_000)

    assert [e.text for _, e in call.effects(Say)] == ["All right."]
    assert [data["text"] for _, data in call.notes("dropped")] == ["For which day?", "One moment."]


def test_a_question_that_was_held_back_is_asked_after_a_noise(call):
    call.open()
    call.voice(1_000)
    call.dialog.say("For which day?", purpose="question")
    call.silent(2_000)
    call.words(2_600, "")

    assert call.effects(Say)[0][0] == 2_600


# --- keys and text --------------------------------------------------------------------------------


def test_a_typed_turn_cuts_and_is_answered_at_once(call):
    speaking(call)
    call.take(TextReceived(at=2_000, participant="caller", text="  stop  "))

    assert sound(call) == [(2_000, "StopSpeech")]
    assert turns_of(call) == ["stop"]
    assert call.agent == "THINKING"


def test_an_empty_typed_turn_is_nothing(call):
    speaking(call)
    call.take(TextReceived(at=2_000, participant="caller", text="  "))

    assert sound(call) == []
    assert turns_of(call) == []


def test_a_key_cuts_and_goes_to_the_dialog(call):
    speaking(call)
    call.take(KeyPressed(at=2_000, participant="caller", key="1"))

    assert sound(call) == [(2_000, "StopSpeech")]
    assert ("key", "1") in call.dialog.told


def test_a_key_nobody_asked_for_does_nothing(call):
    speaking(call)
    call.dialog.listen = ListenPolicy(accept=("speech",))
    call.take(KeyPressed(at=2_000, participant="caller", key="1"))

    assert sound(call) == []
    assert call.notes("blocked") == [(2_000, {"key": "1", "action": "discard"})]


# --- a decision is never undone -------------------------------------------------------------------


def test_the_goodbye_is_heard_to_its_end_and_the_call_is_over(call):
    """Nobody is left to answer, and the line may be what the caller has called for."""
    call.open()
    call.take(TextReceived(at=100, participant="caller", text="bye"))
    call.voice(200)
    call.plays(300, "a1.1", 3_000)
    call.words(1_000, "wait wait wait")
    call.take(TextReceived(at=1_500, participant="caller", text="wait"))
    call.take(KeyPressed(at=2_000, participant="caller", key="1"))
    assert sound(call) == []
    call.played(3_300, "a1.1", 3_000)

    assert call.effects(HangUp) == [(3_300, HangUp(reason="flow"))]
    assert [note["text"] for _, note in call.notes("late")] == ["wait", "wait wait wait"]


# --- how much voice, how many words ---------------------------------------------------------------


def test_voice_is_counted_over_the_stretches_of_one_effort(call):
    """Two times 300 ms with a breath between them are more than half a second of voice."""
    speaking(call)
    call.voice(2_000)
    call.silent(2_300, at=2_400)
    call.voice(2_700)
    call.until(4_000)

    assert sound(call) == [(2_900, "PauseSpeech")]


def test_voice_further_apart_than_a_breath_is_not(call):
    speaking(call)
    call.voice(2_000)
    call.silent(2_300, at=2_400)
    call.voice(2_900)
    call.silent(3_200, at=3_300)
    call.until(8_000)

    assert sound(call) == []


def test_voice_in_the_first_moments_of_the_agents_speech_may_be_its_echo(call):
    """It begins to count when the guard is over."""
    speaking(call, echo_guard=1_000)
    call.voice(1_200)
    call.until(2_499)
    assert sound(call) == []
    call.until(2_500)

    assert sound(call) == [(2_500, "PauseSpeech")]


def test_an_echo_that_ends_with_the_guard_holds_nothing(call):
    speaking(call, echo_guard=1_000)
    call.voice(1_200)
    call.silent(2_200, at=2_400)
    call.until(8_000)

    assert sound(call) == []


def test_words_count_during_the_echo_guard(call):
    speaking(call, echo_guard=1_000)
    call.voice(1_200)
    call.words(1_700, "wait a moment", final=False)
    call.words(2_100, "wait a moment")
    call.silent(1_900)
    call.until(8_000)

    assert sound(call) == [(1_700, "StopSpeech")]
    assert turns_of(call) == ["wait a moment"]


def test_one_word_in_the_echo_guard_is_answered_after_the_line(call):
    speaking(call, echo_guard=1_500)
    call.says(1_200, 2_000, "no")
    call.played(11_000, "a1.1", 10_000)
    call.until(12_000)

    assert turns_of(call) == ["no"]


def test_the_guard_is_counted_once_for_all_lines_of_one_turn(call):
    speaking(call, "First.", STORY, echo_guard=1_000)
    call.played(2_000, "a1.1", 1_000)
    call.plays(2_020, "a1.2", 9_000)
    call.voice(2_100)
    call.until(3_000)

    assert sound(call) == [(2_600, "PauseSpeech")]


def test_between_two_lines_the_agent_is_still_speaking(call):
    """One word does not cut what is half said; before anything is audible it would."""
    speaking(call, "First.", STORY)
    call.played(2_000, "a1.1", 1_000)
    call.words(2_010, "no")
    call.plays(2_020, "a1.2", 9_000)
    call.until(3_000)

    assert sound(call) == []


@pytest.mark.parametrize(("text", "cut"), [("好的", False), ("等一下", True), ("我不要这个", True)])
def test_words_are_counted_in_scripts_without_spaces_too(call, text, cut):
    speaking(call, mode="stt")
    call.words(2_000, text, final=False)

    assert bool(sound(call)) == cut


def test_a_phrase_is_found_in_scripts_without_spaces_too(call):
    speaking(call, mode="stt", phrases=("停",))
    call.words(2_000, "停", final=False)

    assert sound(call) == [(2_000, "StopSpeech")]


def test_one_word_that_answers_what_is_asked_counts(call):
    """A number over the question for how many is an answer, not a noise."""
    speaking(call, min_time=900)
    call.dialog.expected = ("four",)
    call.words(2_100, "four", final=False)
    assert sound(call) == []
    call.words(2_400, "four")
    call.until(4_000)

    assert sound(call) == [(2_400, "StopSpeech")]
    assert turns_of(call) == ["four"]


def test_words_that_answer_what_is_asked_are_never_back_channel(call):
    """An enum may have the value "right"."""
    speaking(call, ignore=("right",))
    call.dialog.expected = ("right",)
    call.words(2_400, "right")
    call.until(4_000)

    assert turns_of(call) == ["right"]
