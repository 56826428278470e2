"""Which test holds which attack: those that broke an earlier version, and those that none withstood."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

BROKE_IT = {
    "H1a: a video that claims millions of samples": (
        "hostile/test_videos.py::test_ten_million_samples_are_refused_and_take_no_memory_of_the_service",
        "hostile/test_videos.py::test_a_table_that_needs_more_memory_than_a_probe_may_have_is_no_video",
    ),
    "H1b: a video whose picture takes long": (
        "hostile/test_videos.py::test_a_quiet_client_does_not_wait_for_the_slow_videos_of_another",
    ),
    "H2: images of thousands of scans": (
        "hostile/test_images.py::test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded",
        "hostile/test_images.py::test_a_quiet_client_does_not_wait_for_the_slow_images_of_another",
    ),
    "H3: a header without end": ("hostile/test_connections.py::test_what_has_no_end_is_cut_off_after_some_kilobytes",),
    "H4: half-open requests beyond the descriptors": (
        "hostile/test_connections.py::test_with_few_files_health_is_answered_under_many_half_open_connections",
        "hostile/test_connections.py::test_connections_beyond_the_limit_end_the_oldest_ones_and_health_answers",
    ),
    "H5: a database that does not answer": (
        "hostile/test_sick_database.py::test_frames_health_and_the_stop_do_without_a_database_that_does_not_answer",
        "hostile/test_sick_database.py::test_a_job_that_ended_while_the_database_was_away_is_complete_once_it_is_back",
    ),
    "H6: bodies that are claimed and not sent": (
        "hostile/test_shares.py::test_bodies_that_are_claimed_and_not_sent_keep_no_other_client_out",
    ),
    "M1: a file exchanged after it was checked": (
        "hostile/test_queue.py::test_a_file_that_was_put_in_the_place_of_the_checked_one_is_refused",
    ),
    "M2: a pickle in the queue": ("hostile/test_queue.py::test_a_pickle_in_the_queue_is_not_read",),
    "M3: modules in the working folder": (
        "hostile/test_videos.py::test_modules_in_the_working_folder_are_not_run_by_child_processes",
    ),
    "M4: damaged files of a job": (
        "hostile/test_damaged_chunks.py::test_a_damaged_file_of_a_chunk_is_noticed",
        "hostile/test_damaged_chunks.py::test_a_damaged_chunk_is_computed_again",
        "hostile/test_damaged_chunks.py::test_lines_of_a_damaged_chunk_are_not_given_to_a_client",
    ),
    "M5: sessions that push another client's out": (
        "sessions/test_session_bounds.py::test_sessions_make_room_for_others_of_the_same_client_and_not_of_one_that_has_fewer",
        "sessions/test_session_bounds.py::test_a_client_whose_sessions_are_all_busy_takes_none_of_another_that_has_fewer",
    ),
    "M6: playlists of pipes": ("hostile/test_videos.py::test_a_playlist_of_pipes_is_refused_without_being_opened",),
    "M7: a video that says less than its samples": (
        "hostile/test_videos.py::test_a_video_that_says_less_than_its_samples_is_taken_by_its_samples",
        "hostile/test_videos.py::test_a_worker_reads_no_further_than_it_may_whatever_the_header_says",
    ),
    "M8: a queue that is cut, foreign, newer or emptied": (
        "hostile/test_unusable_queue.py::test_a_store_says_in_one_line_what_its_queue_is_and_leaves_it",
        "hostile/test_unusable_queue.py::test_a_service_says_it_once_and_in_readyz",
        "hostile/test_unusable_queue.py::test_an_emptied_queue_takes_no_results_away_and_nobody_else_reads_the_state",
    ),
    "M9: foreign names, pages, addresses; no key on all interfaces": (
        "api/http/test_foreign_pages.py::test_without_keys_names_that_somebody_can_register_are_refused",
        "api/http/test_foreign_pages.py::test_without_keys_pages_of_other_sites_cannot_post",
        "api/http/test_foreign_pages.py::test_a_clients_word_about_its_address_counts_only_from_named_proxies",
        "api/http/test_foreign_pages.py::test_a_service_that_others_can_reach_without_keys_warns",
    ),
    "low: a playlist that opens files by name": (
        "hostile/test_references.py::test_a_file_that_names_another_one_is_no_video",
    ),
    "low: text art as a video": ("hostile/test_videos.py::test_art_of_text_is_no_video",),
    "low: forged lines of the log": ("api/http/test_logs.py::test_a_record_for_people_stays_on_one_line",),
    "low: a self-chosen priority": (
        "jobs/test_fair_order.py::test_whatever_priorities_clients_choose_the_turns_are_those_of_equal_ones",
    ),
    "low: paths and addresses in answers": (
        "jobs/test_failures.py::test_a_model_that_is_missing_fails_the_job_and_names_no_path",
        "api/jobs/test_jobs_legacy.py::test_a_frame_that_is_not_there_is_refused",
    ),
    "low: secrets of workers": ("hostile/test_videos.py::test_child_processes_get_no_secrets",),
    "low: state that others can read": (
        "hostile/test_unusable_queue.py::test_an_emptied_queue_takes_no_results_away_and_nobody_else_reads_the_state",
    ),
    "low: one bad status.json": (
        "hostile/test_spoilt_state.py::test_a_spoilt_status_counts_as_none",
        "hostile/test_queue.py::test_a_spoilt_row_of_the_queue_does_not_hide_the_others",
    ),
    "low: garbage in worker.lock": ("hostile/test_spoilt_state.py::test_a_spoilt_lock_is_mended_by_the_next_worker",),
    "low: a part header of a form that takes long": (
        "api/http/test_upload_form.py::test_a_broken_or_excessive_form_is_refused",
    ),
    "low: detections that cannot be": (
        "hostile/test_spoilt_detector.py::test_a_box_that_cannot_be_is_an_error_of_the_model",
    ),
    "low: a second interrupt": ("api/test_stopping.py::test_a_second_signal_ends_it_at_once",),
}
HELD = {
    "playlists, scripts and references": (
        "hostile/test_references.py::test_a_file_that_names_another_one_is_no_video",
    ),
    "raw requests": (
        "hostile/test_raw_requests.py::test_a_request_within_a_request_is_not_answered",
        "api/frames/test_bad_input.py::test_garbage_on_a_connection_does_not_affect_others",
    ),
    "hostile bodies": (
        "api/frames/test_bad_input.py::test_bad_input_is_refused_in_the_shape_that_clients_read",
        "api/http/test_openapi.py::test_generated_requests_are_answered_as_documented",
        "hostile/test_parsers.py::test_a_form_is_a_file_and_short_fields_or_status_400",
        "hostile/test_parsers.py::test_json_of_a_frame_is_an_image_or_status_400_or_422",
    ),
    "foreign jobs": ("api/jobs/test_jobs_life.py::test_clients_with_keys_see_only_their_own_jobs",),
    "processes killed": (
        "chaos/test_kills.py::test_embedded",
        "jobs/test_resume.py::test_a_killed_worker_costs_one_attempt_and_changes_nothing",
    ),
    "followers": ("hostile/test_shares.py::test_followers_of_a_job_keep_neither_frames_nor_other_followers_out",),
    "sessions": (
        "sessions/test_session_bounds.py::test_the_longest_idle_session_is_forgotten_when_there_are_too_many",
        "sessions/test_session_bounds.py::test_a_forgotten_session_leaves_nothing_in_memory",
    ),
    "spoilt answers of models": (
        "hostile/test_spoilt_detector.py::test_a_box_that_cannot_be_is_an_error_of_the_model",
        "inference/triton/test_verification.py::test_a_graph_broken_on_purpose_is_refused",
        "api/frames/test_pose_answer.py::test_a_number_that_json_cannot_carry_is_refused",
    ),
    "damaged models": (
        "inference/test_embedded.py::test_a_repository_that_cannot_be_used_is_one_of_our_errors",
        "inference/verification/test_golden.py::test_a_damaged_file_says_what_was_expected",
    ),
    "a full disk": (
        "jobs/test_disk.py::test_a_job_pauses_below_the_limit_and_goes_on_when_there_is_room",
        "jobs/test_disk.py::test_a_write_that_fails_because_the_disk_is_full_pauses_too",
    ),
}


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("cases", [BROKE_IT, HELD], ids=["broke it", "held"])
def test_every_case_is_held_by_tests_that_exist(cases: dict[str, tuple[str, ...]]) -> None:
    missing = [
        test for tests in cases.values() for test in tests if test.split("::")[1] not in _functions(test.split("::")[0])
    ]
    assert not missing
    assert all(cases.values())
